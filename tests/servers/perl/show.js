// SPDX-License-Identifier: MIT
// show.js - shows the updates of which pushcgi.js tells.
document.addEventListener("pushcgi:open", () => {
	document.getElementById("state").textContent = "connected";
});
document.addEventListener("pushcgi:update", ({ detail }) => {
	const item = document.createElement("li");

	item.textContent = detail.data;
	document.getElementById("updates").append(item);
});
