<?php
/* SPDX-License-Identifier: MIT */
/*
 * symfony.php - a page that uses Debian's symfony/mercure as it comes: GET
 * sets the cookie, names the hub and listens; POST publishes.
 */

require 'Symfony/Component/Mercure/autoload.php';

use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Mercure\Authorization;
use Symfony\Component\Mercure\Discovery;
use Symfony\Component\Mercure\Hub;
use Symfony\Component\Mercure\HubRegistry;
use Symfony\Component\Mercure\Jwt\FactoryTokenProvider;
use Symfony\Component\Mercure\Jwt\TokenFactoryInterface;
use Symfony\Component\Mercure\Update;
use Symfony\Component\WebLink\HttpHeaderSerializer;

const TOPIC = 'https://example.com/users/42';

/**
 * Makes the tokens that lcobucci/jwt, which Debian does not have, would make:
 * both arrays, and times with microseconds.
 */
final class Tokens implements TokenFactoryInterface
{
    private $secret;

    public function __construct(string $secret)
    {
        $this->secret = $secret;
    }

    public function create(
        ?array $subscribe = [],
        ?array $publish = [],
        array $additionalClaims = []
    ): string {
        $claims = $additionalClaims;
        $claims['mercure'] = array('publish' => $publish ?? array(),
            'subscribe' => $subscribe ?? array());
        foreach ($claims as $name => $value) {
            if ($value instanceof DateTimeInterface) {
                $claims[$name] = (float) $value->format('U.u');
            }
        }
        $text = self::encode(array('typ' => 'JWT', 'alg' => 'HS256')) . '.'
            . self::encode($claims);
        return $text . '.' . self::base64url(
            hash_hmac('sha256', $text, $this->secret, true)
        );
    }

    private static function encode(array $value): string
    {
        return self::base64url(json_encode($value, JSON_THROW_ON_ERROR));
    }

    private static function base64url(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}

function hub(): Hub
{
    $settings = require __DIR__ . '/settings.php';
    $tokens = new Tokens($settings['secret']);

    return new Hub(
        $settings['url'],
        new FactoryTokenProvider($tokens, array(), array('*')),
        $tokens
    );
}

/* The page, with the cookie and the Link header that Symfony's listeners
 * would add. */
function show(Request $request): Response
{
    $registry = new HubRegistry(hub());
    $response = new Response(file_get_contents(__FILE__, false, null,
        __COMPILER_HALT_OFFSET__));

    $response->headers->setCookie(
        (new Authorization($registry))->createCookie($request, array(TOPIC))
    );
    (new Discovery($registry))->addLink($request);
    $response->headers->set('Link', (new HttpHeaderSerializer())->serialize(
        $request->attributes->get('_links')->getLinks()
    ));
    return $response;
}

function publish(Request $request): Response
{
    $form = $request->request;
    $retry = $form->get('retry');

    try {
        $id = hub()->publish(new Update(
            $form->all('topic') ?: TOPIC,
            $form->get('data', ''),
            $form->has('private'),
            $form->get('id'),
            $form->get('type'),
            $retry === null ? null : (int) $retry
        ));
    } catch (Exception $e) {
        $cause = $e->getPrevious() ?? $e;
        return new Response($cause->getMessage(), 502);
    }
    return new Response($id, 200, array('Content-Type' => 'text/plain'));
}

$request = Request::createFromGlobals();
$response = $request->isMethod('POST') ? publish($request) : show($request);
$response->prepare($request)->send();

__halt_compiler();<!DOCTYPE html>
<meta charset="utf-8">
<title>symfony/mercure</title>
<p id="state">connecting</p>
<ol id="updates"></ol>
<script>
"use strict";
const find = (selector) => document.querySelector(selector);
const say = (state) => { find("#state").textContent = state; };

// Where the hub is, the page's Link header says.
async function listen() {
	const answer = await fetch(location.href, { method: "HEAD" });
	const link = answer.headers.get("Link");
	const [, hub] = /<([^>]+)>; rel="mercure"/.exec(link);
	const url = new URL(hub);
	url.searchParams.append("topic", "https://example.com/users/42");
	const events = new EventSource(url, { withCredentials: true });
	events.onopen = () => say("connected");
	events.onerror = () => say("reconnecting");
	events.onmessage = ({ data }) => {
		const item = document.createElement("li");
		item.textContent = data;
		find("#updates").prepend(item);
	};
}
listen();
</script>
