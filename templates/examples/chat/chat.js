// SPDX-License-Identifier: MIT
// chat.js - shows visitors and messages, as text and never as HTML.
"use strict";

// The number of messages that a page shows.
const SAID_MOST = 200;
// The last event id at which this visit began, for all tabs: a reloaded page
// receives all later messages from the hub.
const SINCE = "chat since";

const element = (id) => document.getElementById(id);
const state = JSON.parse(element("state").textContent);
const here = new Map(state.here);

function make(tag, text, properties) {
	const made = document.createElement(tag);

	made.textContent = text;
	return Object.assign(made, properties);
}

// Each name once, even if it has several windows open.
function showHere() {
	const names = [...new Set(here.values())].sort();

	element("here").replaceChildren(...names.map((name) =>
		make("li", name, { dir: "auto" })));
}

function showSaid({ from, text, at }) {
	const said = element("said");
	const line = make("p", "", { className: from === state.name ? "own" : "" });
	const time = new Date(1000 * at);

	line.append(make("bdi", from),
		make("time", time.toLocaleTimeString([], { timeStyle: "short" }),
			{ dateTime: time.toISOString() }),
		make("span", text, { dir: "auto" }));
	said.append(line);
	while (said.children.length > SAID_MOST)
		said.firstChild.remove();
	said.scrollTop = said.scrollHeight;
}

// An update is a message of the server, or an event of the hub about a
// subscription.  The hub sends the events of all subscriptions, but only visitors
// who have entered have a name.
function hear({ data }) {
	const update = JSON.parse(data);

	if (update.type !== "Subscription") {
		showSaid(update);
		return;
	}
	if (update.active && update.payload?.name)
		here.set(update.subscriber, update.payload.name);
	else
		here.delete(update.subscriber);
	showHere();
}

// A stream that reconnects may have ended because the visitor left in another tab.
async function stillIn() {
	const answer = await fetch("?state").catch(() => null);

	if (answer?.ok && (await answer.json()).name !== state.name)
		location.reload();
}

function showConnection(text) {
	element("connection").textContent = text;
	element("connection").dataset.state = text;
}

async function say(event) {
	const form = event.target;
	let refusal = "the server cannot be reached";

	event.preventDefault();
	const answer = await fetch("", { method: "POST",
		body: new URLSearchParams(new FormData(form)) }).catch(() => null);
	if (answer?.status === 403)
		location.reload();
	if (answer?.ok)
		form.reset();
	else if (answer)
		refusal = await answer.text();
	element("answer").textContent = answer?.ok ? "" : `Not sent: ${refusal}`;
}

function enterRoom() {
	let opened = false;

	for (const id of ["room", "leave", "connection"])
		element(id).hidden = false;
	showHere();
	element("say").addEventListener("submit", say);
	element("text").focus();
	localStorage[SINCE] ||= state.lastEventId || "";
	pushcgi.subscribe(state.topics, hear, {
		url: state.hub,
		lastEventId: localStorage[SINCE],
		// Different visits do not share a stream.
		share: state.token,
		onopen() {
			showConnection("connected");
			if (opened)
				stillIn();
			opened = true;
		},
		onretry: () => showConnection("reconnecting"),
		onclose: () => location.reload(),
		// The hub does not know the beginning of this visit any more.
		ongap() {
			localStorage.removeItem(SINCE);
			location.reload();
		},
	});
}

function showEntrance() {
	localStorage.removeItem(SINCE);
	element("enter").hidden = false;
	element("refused").textContent = state.refused ?? "";
	element("name").focus();
}

for (const field of document.getElementsByName("token"))
	field.value = state.token;
if (state.name === null)
	showEntrance();
else
	enterRoom();
