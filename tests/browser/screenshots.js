// SPDX-License-Identifier: MIT
// screenshots.js - takes the pictures of the chat for
// templates/examples/README.md:
//
//   node screenshots.js
//
// It writes them to templates/examples; nothing of it is a test.
import { join } from "node:path";
import { enter, hears, say, sees } from "./chatpage.js";
import { freePort, launch, source, startQuickstart } from "./support.js";

const looks = [
	["chat-light.png", { colorScheme: "light",
		viewport: { width: 680, height: 420 } }],
	["chat-dark.png", { colorScheme: "dark",
		viewport: { width: 340, height: 480 } }],
];
const talk = [
	[0, "The tickets are out. Did your page show it, too?"],
	[1, "At once. I did not even touch it."],
	[0, "<b>Good.</b> See you there!"],
];

const quickstart = await startQuickstart(["--port", `${await freePort()}`]);
const browser = await launch();

try {
	const contexts = [];
	for (const [, look] of looks)
		contexts.push(await browser.newContext({ ...look,
			locale: "en-GB" }));
	const pages = [
		await enter(contexts[0], `${quickstart.facts.PAGE}chat-php/`, "Ann"),
		await enter(contexts[1], `${quickstart.facts.PAGE}chat-perl/`, "Ben"),
	];

	await enter(await browser.newContext(),
		`${quickstart.facts.PAGE}chat-perl/`, "Zo\u00eb");
	for (const [who, text] of talk) {
		await say(pages[who], text);
		for (const page of pages)
			await hears(page, text);
	}
	for (const [i, [name]] of looks.entries()) {
		await sees(pages[i], "Ann", "Ben", "Zo\u00eb");
		await pages[i].screenshot({ path:
			join(source, "templates", "examples", name) });
	}
} finally {
	await browser.close();
	await quickstart.stop();
	await quickstart.remove();
}
