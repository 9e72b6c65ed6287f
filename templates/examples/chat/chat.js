// SPDX-License-Identifier: MIT
// chat.js - shows who is here and what is said, as texts and never as HTML.
"use strict";

// A page shows so much of what was said.
const SAID_MOST = 200;
// Where this visit began, for all tabs: a page that is loaded anew gets from
// the hub whatever has been said since.
const SINCE = "chat since";

const element = (id) => document.getElementById(id);
const state = JSON.parse(element("state").textContent);
const here = new Map(state.here);

function make(tag, text, properties) {
	const made = document.createElement(tag);

	made.textContent = text;
	return Object.assign(made, properties);
}

// A name once, in however many windows it is here.
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

// Updates are what the server made of a text, and what the hub itself tells
// of subscriptions.  It tells of all of them, but only who has entered has a
// name.
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

// A stream that was away may have ended because the visit has: elsewhere, or
// in another tab.
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
		// Visits do not share a stream.
		share: state.token,
		onopen() {
			showConnection("connected");
			if (opened)
				stillIn();
			opened = true;
		},
		onretry: () => showConnection("reconnecting"),
		onclose: () => location.reload(),
		// The hub has forgotten where this visit began.
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
