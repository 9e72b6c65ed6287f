// SPDX-License-Identifier: MIT
// demo.js - subscribes with pushcgi.js, which misses no update, and publishes.
//
// demo-config.js sets pushcgiDemo: hub (its URL), topic, publisherToken, chats
// (the paths of the chats that quickstart has copied).
"use strict";

const { hub, topic, publisherToken, chats } = globalThis.pushcgiDemo;
const element = (id) => document.getElementById(id);

function showState(state) {
	element("state").textContent = state;
	element("state").dataset.state = state;
}

function showUpdate({ data, lastEventId }) {
	const item = document.createElement("li");

	item.textContent = data;
	item.dataset.id = lastEventId;
	element("updates").prepend(item);
	element("last-event-id").textContent = lastEventId;
}

// Without a delay the browser reconnects by itself; otherwise it gave up.
function showRetry({ delay }) {
	const { dataset } = element("state");

	showState("reconnecting");
	if (delay !== undefined)
		dataset.givenUp = Number(dataset.givenUp ?? 0) + 1;
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

function showChats() {
	for (const path of chats.split(" ")) {
		const link = document.createElement("a");

		link.href = path;
		link.textContent = path;
		element("chats").append(link, " ");
	}
}

element("topic").textContent = topic;
showChats();
element("publish").addEventListener("submit", publish);
pushcgi.subscribe(topic, showUpdate, {
	url: hub,
	onopen: () => showState("connected"),
	onretry: showRetry,
	onclose: () => showState("closed"),
});
