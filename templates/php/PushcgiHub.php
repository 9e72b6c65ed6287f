<?php
/* SPDX-License-Identifier: MIT */
/*
 * PushcgiHub.php - pushcgi as a hub of symfony/mercure (0.6 and 0.7).
 *
 * Copy it beside pushcgi.php, and use a PushcgiHub instead of a Hub in Symfony
 * code: updates are written to the queue on this machine, without HTTP and
 * without a publisher's token.  Authorization, Discovery and HubRegistry work
 * with it unchanged.  In services.yaml of a Symfony site:
 *
 *   Symfony\Component\Mercure\HubInterface:
 *       class: PushcgiHub
 *
 * Set MERCURE_PUBLIC_HUB_URL in pushcgi.conf, so that Symfony gets a complete URL.
 */

use Symfony\Component\Mercure\Exception\RuntimeException;
use Symfony\Component\Mercure\HubInterface;
use Symfony\Component\Mercure\Jwt\TokenFactoryInterface;
use Symfony\Component\Mercure\Jwt\TokenProviderInterface;
use Symfony\Component\Mercure\Update;

require_once __DIR__ . '/pushcgi.php';

final class PushcgiHub implements HubInterface
{
    public function getUrl(): string
    {
        return $this->getPublicUrl();
    }

    public function getPublicUrl(): string
    {
        return self::got(mercure_hub_url());
    }

    /** For code that publishes by HTTP itself. */
    public function getProvider(): TokenProviderInterface
    {
        return new PushcgiTokens();
    }

    public function getFactory(): ?TokenFactoryInterface
    {
        return new PushcgiTokens();
    }

    /** @throws RuntimeException */
    public function publish(Update $update): string
    {
        return self::got(mercure_publish(
            $update->getTopics(),
            $update->getData(),
            $update->isPrivate(),
            $update->getId(),
            $update->getType(),
            $update->getRetry()
        ));
    }

    /** @internal Return a result of pushcgi.php, or throw after a failure. */
    public static function got($result): string
    {
        if ($result === false) {
            throw new RuntimeException(mercure_last_error());
        }
        return $result;
    }
}

final class PushcgiTokens implements
    TokenFactoryInterface,
    TokenProviderInterface
{
    public function create(
        ?array $subscribe = [],
        ?array $publish = [],
        array $additionalClaims = []
    ): string {
        return PushcgiHub::got(pushcgi_token(pushcgi_rights(
            $subscribe,
            $publish,
            ['additionalClaims' => $additionalClaims]
        )));
    }

    public function getJwt(): string
    {
        return PushcgiHub::got(mercure_publisher_jwt());
    }
}
