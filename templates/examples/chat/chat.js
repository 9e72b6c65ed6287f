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

function make(tag, text, properties) {
	const made = document.createElement(tag);

	made.textContent = text;
	return Object.assign(made, properties);
}

// Each name once, even if it has several windows open.
function showHere(visitors) {
	const names = visitors.map(({ payload }) => payload.name).sort();

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
	for (const id of ["room", "leave", "connection"])
		element(id).hidden = false;
	element("say").addEventListener("submit", say);
	element("text").focus();
	localStorage[SINCE] ||= state.lastEventId || "";
	pushcgi.subscribe(state.room, ({ data }) => showSaid(JSON.parse(data)), {
		url: state.hub,
		private: true,
		// Visitors who have entered have a name as payload.
		presence: true,
		leaveAfter: 1,
		onhere: showHere,
		lastEventId: localStorage[SINCE],
		// Different visits do not share a stream.
		share: state.token,
		onopen: () => showConnection("connected"),
		onretry: () => showConnection("reconnecting"),
		onclose: () => location.reload(),
		// The visit has ended, maybe in another tab.
		onanonymous: () => location.reload(),
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
