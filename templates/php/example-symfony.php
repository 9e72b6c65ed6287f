<?php
/* SPDX-License-Identifier: MIT */
/*
 * example-symfony.php - code for symfony/mercure with PushcgiHub: a page with
 * the cookie and the Link header; a POST publishes.
 */

/* Debian's php-symfony-mercure; with Composer, use vendor/autoload.php. */
require 'Symfony/Component/Mercure/autoload.php';
require __DIR__ . '/PushcgiHub.php';

use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;
use Symfony\Component\Mercure\Authorization;
use Symfony\Component\Mercure\Discovery;
use Symfony\Component\Mercure\Exception\RuntimeException;
use Symfony\Component\Mercure\HubRegistry;
use Symfony\Component\Mercure\Update;
use Symfony\Component\WebLink\HttpHeaderSerializer;

const TOPIC = 'https://example.com/users/42';

function show(Request $request, HubRegistry $registry): Response
{
    /* Before the page reads its data, so that no later update is missed. */
    $last = mercure_last_event_id();
    $url = $registry->getHub()->getPublicUrl() . '?topic='
        . rawurlencode(TOPIC)
        . ($last === false ? '' : '&lastEventID=' . rawurlencode($last));
    $response = new Response('<!DOCTYPE html><title>pushcgi</title>'
        . '<code id="url">' . htmlspecialchars($url, ENT_QUOTES) . '</code>');

    $response->headers->setCookie(
        (new Authorization($registry))->createCookie($request, [TOPIC])
    );
    (new Discovery($registry))->addLink($request);
    $response->headers->set('Link', (new HttpHeaderSerializer())->serialize(
        $request->attributes->get('_links')->getLinks()
    ));
    return $response;
}

function publish(Request $request, HubRegistry $registry): Response
{
    $form = $request->request;

    try {
        $id = $registry->getHub()->publish(new Update(
            $form->all('topic') ?: TOPIC,
            $form->get('data', ''),
            !$form->has('public'),
            $form->get('id'),
            $form->get('type'),
            $form->has('retry') ? (int) $form->get('retry') : null
        ));
    } catch (RuntimeException $e) {
        return new Response($e->getMessage(), 503);
    }
    return new Response($id, 200, ['Content-Type' => 'text/plain']);
}

$request = Request::createFromGlobals();
$registry = new HubRegistry(new PushcgiHub());
$response = $request->isMethod('POST') ? publish($request, $registry)
    : show($request, $registry);
$response->prepare($request)->send();
