<?php
/* SPDX-License-Identifier: MIT */
/*
 * PushcgiHub.php - pushcgi as a hub of symfony/mercure (0.6 to 0.9).
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
use Symfony\Component\Mercure\Grant;
use Symfony\Component\Mercure\HubInterface;
use Symfony\Component\Mercure\Jwt\TokenFactoryInterface;
use Symfony\Component\Mercure\Jwt\TokenProviderInterface;
use Symfony\Component\Mercure\ProtocolVersion;
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

    /** Only symfony/mercure from 0.8 on has this type, and calls it. */
    public function getProtocolVersion(): ProtocolVersion
    {
        return ProtocolVersion::Legacy;
    }

    /** The hub's MERCURE_AUTHZ_COOKIE_NAME. */
    public function getCookieName(): string
    {
        return self::got(pushcgi_cookie_name());
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

/** @internal What the factories of all versions have in common. */
abstract class PushcgiTokenMaker implements TokenProviderInterface
{
    public function getJwt(): string
    {
        return PushcgiHub::got(mercure_publisher_jwt());
    }

    protected static function ofTopics($subscribe, $publish, array $options)
    {
        return PushcgiHub::got(pushcgi_token(
            pushcgi_rights($subscribe, $publish, $options)
        ));
    }

    /**
     * A token of protocol 0.x has a list of topics for each action, and one
     * payload.  What it cannot express is refused.
     */
    protected static function ofGrants(array $grants, array $claims): string
    {
        $topics = ['subscribe' => [], 'publish' => []];
        $payload = null;

        if (array_diff_key((array) ($claims['mercure'] ?? []),
            ['payload' => true])) {
            throw new RuntimeException('pushcgi takes rights as grants, and '
                . 'not in the claim mercure.');
        }
        foreach ($grants as $grant) {
            if (!$grant instanceof Grant || array_diff_key(
                get_object_vars($grant),
                ['actions' => true, 'topics' => true, 'payload' => true]
            )) {
                throw new RuntimeException('pushcgi expects a list of Grant '
                    . 'objects with actions, topics and payload.');
            }
            $exact = self::exactTopics($grant->topics);
            foreach ($grant->actions as $action) {
                if (!is_string($action) || !isset($topics[$action])) {
                    throw new RuntimeException('pushcgi has the actions '
                        . 'subscribe and publish only.');
                }
                $topics[$action] = array_merge($topics[$action], $exact);
            }
            $payload = self::joinedPayload($payload, $grant->payload);
        }
        return self::ofTopics(
            array_values(array_unique($topics['subscribe'])),
            array_values(array_unique($topics['publish'])),
            ['payload' => $payload, 'additionalClaims' => $claims]
        );
    }

    /** Of a list, or of lists by the kind of their matchers. */
    private static function exactTopics(array $topics): array
    {
        if (array_filter(array_keys($topics), 'is_string')) {
            $others = array_diff(array_keys($topics), ['exact']);
            if ($others) {
                throw new RuntimeException('pushcgi makes tokens of protocol '
                    . '0.x, which have no topics of the kind '
                    . implode(', ', $others) . '.');
            }
            $topics = (array) $topics['exact'];
        }
        $topics = pushcgi_list($topics);
        foreach ($topics as $topic) {
            if (!pushcgi_is_topic($topic)) {
                throw new RuntimeException('pushcgi got a grant with a topic '
                    . 'that is empty, not UTF-8 or has control characters.');
            }
        }
        return $topics;
    }

    private static function joinedPayload($one, $other)
    {
        if ($one === null || $other === null || $one === $other) {
            return $one ?? $other;
        }
        if (!is_array($one) || !is_array($other)) {
            throw new RuntimeException('pushcgi makes tokens of protocol 0.x, '
                . 'which have one payload, and cannot join those of the '
                . 'grants.');
        }
        return array_merge($one, $other);
    }
}

/* The parameters of create() differ from 0.8 on: grants and claims. */
if ((new ReflectionMethod(TokenFactoryInterface::class, 'create'))
    ->getNumberOfParameters() < 3) {
    final class PushcgiTokens extends PushcgiTokenMaker implements
        TokenFactoryInterface
    {
        public function create(
            array $grants = [],
            array $additionalClaims = []
        ): string {
            return self::ofGrants($grants, $additionalClaims);
        }
    }
} else {
    final class PushcgiTokens extends PushcgiTokenMaker implements
        TokenFactoryInterface
    {
        public function create(
            ?array $subscribe = [],
            ?array $publish = [],
            array $additionalClaims = []
        ): string {
            return self::ofTopics(
                $subscribe,
                $publish,
                ['additionalClaims' => $additionalClaims]
            );
        }
    }
}
