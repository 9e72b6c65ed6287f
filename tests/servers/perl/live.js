// SPDX-License-Identifier: MIT
// live.js - listens to what its script tag says, and shows it.
const { url, topics, lastEventId } = document.currentScript.dataset;
const hub = new URL(url, location.href);

for (const topic of JSON.parse(topics))
	hub.searchParams.append("topic", topic);
if (lastEventId)
	hub.searchParams.append("lastEventID", lastEventId);
const source = new EventSource(hub);
source.onopen = () => {
	document.getElementById("state").textContent = "connected";
};
source.onmessage = ({ data }) => {
	const item = document.createElement("li");

	item.textContent = data;
	document.getElementById("updates").append(item);
};
