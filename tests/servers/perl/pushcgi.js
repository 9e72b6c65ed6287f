// SPDX-License-Identifier: MIT
// pushcgi.js - stands in for the real one: tells of updates, and no more.
const { url, topics, lastEventId } = document.currentScript.dataset;
const hub = new URL(url, location.href);
const tell = (kind, detail) => document.dispatchEvent(
	new CustomEvent(`pushcgi:${kind}`, { detail }));

for (const topic of JSON.parse(topics))
	hub.searchParams.append("topic", topic);
if (lastEventId)
	hub.searchParams.append("lastEventID", lastEventId);
const source = new EventSource(hub);
source.onopen = () => tell("open");
source.onmessage = ({ data }) => tell("update", { data });
