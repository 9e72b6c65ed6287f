// SPDX-License-Identifier: MIT
// demo.js - subscribes so that nothing is missed, and publishes.
//
// demo-config.js sets pushcgiDemo: hub (its URL), topic, publisherToken.
"use strict";

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15000;

const { hub, topic, publisherToken } = globalThis.pushcgiDemo;
const element = (id) => document.getElementById(id);

// Where this page stands in the hub's log: the last event's id, before the
// first event the cursor that the hub named when the page was loaded.
let position = null;
let retryMs = RETRY_FIRST_MS;

function showState(state) {
	element("state").textContent = state;
	element("state").dataset.state = state;
}

function showUpdate(event) {
	const item = document.createElement("li");

	item.textContent = event.data;
	item.dataset.id = event.lastEventId;
	element("updates").prepend(item);
	element("last-event-id").textContent = event.lastEventId;
}

function hubURL() {
	const url = new URL(hub, location.href);

	url.searchParams.set("topic", topic);
	// searchParams writes the # of a cursor as %23.
	if (position !== null)
		url.searchParams.set("lastEventID", position);
	return url;
}

// `Link: <hub>; rel="mercure"; last-event-id="#X"`
function cursorOf(link) {
	const match = /;\s*last-event-id="([^"]*)"/.exec(link ?? "");

	return match === null ? null : match[1];
}

// Scripts do not see the hub's cursor frames, so ask for the cursor once.
async function findPosition() {
	const answer = await fetch(hubURL(), { method: "HEAD" });

	if (!answer.ok)
		throw new Error(`the hub answered ${answer.status}`);
	position = cursorOf(answer.headers.get("Link"));
}

function retryLater() {
	// Spread out, so that all pages do not come back at the same time.
	setTimeout(connect, retryMs * (0.5 + Math.random() / 2));
	retryMs = Math.min(2 * retryMs, RETRY_MOST_MS);
}

async function connect() {
	try {
		if (position === null)
			await findPosition();
	} catch {
		showState("reconnecting");
		retryLater();
		return;
	}

	const source = new EventSource(hubURL());

	source.addEventListener("open", () => {
		showState("connected");
		retryMs = RETRY_FIRST_MS;
	});
	source.addEventListener("message", (event) => {
		position = event.lastEventId;
		showUpdate(event);
	});
	source.addEventListener("error", () => {
		showState("reconnecting");
		// The browser reconnects by itself after a cut, but any status
		// other than 200 makes it give up for good.
		if (source.readyState === EventSource.CLOSED) {
			const { dataset } = element("state");

			dataset.givenUp = Number(dataset.givenUp ?? 0) + 1;
			retryLater();
		}
	});
}

async function publish(event) {
	event.preventDefault();
	try {
		const answer = await fetch(hub, {
			method: "POST",
			headers: { Authorization: `Bearer ${publisherToken}` },
			body: new URLSearchParams({
				topic,
				data: element("data").value,
			}),
		});
		const text = await answer.text();

		element("answer").textContent = answer.ok
			? `published as ${text}`
			: `not published: ${text}`;
		if (answer.ok)
			element("data").value = "";
	} catch (error) {
		element("answer").textContent = `not published: ${error.message}`;
	}
}

element("topic").textContent = topic;
element("publish").addEventListener("submit", publish);
connect();
