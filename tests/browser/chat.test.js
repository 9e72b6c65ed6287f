// SPDX-License-Identifier: MIT
// chat.test.js - the chats of templates/examples, as ./quickstart serves them.
import assert from "node:assert/strict";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ask, connected, enter as enterAs, hears, here, openPage, said, say,
	sees, texts } from "./chatpage.js";
import { DEADLINE_MS, freePort, helper, launch, startQuickstart,
	temporaryFolder } from "./support.js";

const chats = [["PHP", "chat-php/"], ["Perl", "chat-perl/"]];
const room = "https://example.com/chat";
const presence = "/.well-known/mercure/subscriptions/"
	+ `${encodeURIComponent(room)}{/subscriber}`;
const marker = "https://example.com/marker";
// Who leaves is gone for the others within two seconds.
const GONE_MS = DEADLINE_MS / 15;

let browser, quickstart, facts;
const contexts = [];

// A visitor that shares nothing with the others.
async function visitor() {
	const context = await browser.newContext();

	contexts.push(context);
	context.on("dialog", (dialog) => {
		context.alarmed = true;
		dialog.dismiss();
	});
	return context;
}

const open = async (path, context) =>
	openPage(context ?? await visitor(), facts.PAGE + path);

const enter = async (path, name) =>
	enterAs(await visitor(), facts.PAGE + path, name);

async function isGone(page, name) {
	await page.locator("#here li", { hasText: name })
		.waitFor({ state: "detached", timeout: GONE_MS });
}

const isOut = (page) => page.locator("#enter").waitFor();

// What a visitor's own script could send.
const send = (page, fields) => page.evaluate(async (form) => {
	const answer = await fetch("", { method: "POST", redirect: "manual",
		body: new URLSearchParams(form) });

	return answer.status;
}, fields);

const tokenOf = (page) => page.evaluate(() => state.token);

// All that a page gets from the very beginning until now.
async function overhears(page) {
	const end = await helper(facts.CONF, "publish", marker, "");

	return page.evaluate(([topics, last]) => new Promise((resolve) => {
		const url = new URL("/.well-known/mercure", location.href);
		const heard = [];

		for (const topic of topics)
			url.searchParams.append("topic", topic);
		url.searchParams.set("lastEventID", "earliest");
		const source = new EventSource(url);
		source.onmessage = ({ data, lastEventId }) => {
			if (data !== "")
				heard.push(data);
			if (lastEventId === last) {
				source.close();
				resolve(heard);
			}
		};
	}), [[room, presence, marker], end.trim()]);
}

before(async () => {
	quickstart = await startQuickstart(["--port", `${await freePort()}`]);
	({ facts } = quickstart);
	browser = await launch();
});

after(async () => {
	await browser?.close();
	await quickstart?.stop();
	await quickstart?.remove();
});

for (const [language, path] of chats) {
	describe(`the chat in ${language}`, () => {
		let ann, ben;

		before(async () => {
			ann = await enter(path, "Ann");
			ben = await enter(path, "Ben");
		});
		after(async () => {
			for (const context of contexts.splice(0))
				await context.close();
		});

		it("takes texts to both, once", async () => {
			await say(ann, "Good morning");
			await hears(ben, "Good morning");
			await say(ben, "Good evening");
			for (const page of [ann, ben]) {
				await hears(page, "Good evening");
				assert.deepEqual(await said(page),
					["Good morning", "Good evening"]);
				assert.deepEqual(await texts(page, "#said bdi"),
					["Ann", "Ben"]);
			}
			assert.equal(await ann.inputValue("#text"), "");
			assert.deepEqual(await texts(ann, "#said .own span"),
				["Good morning"]);
		});

		it("shows who comes, and who closes the tab", async () => {
			const eve = await enter(path, "Eve");

			for (const page of [ann, ben, eve])
				await sees(page, "Ann", "Ben", "Eve");
			await eve.close();
			await isGone(ann, "Eve");
			await isGone(ben, "Eve");
			await sees(ann, "Ann", "Ben");
		});

		it("shows what was said when it is reloaded", async () => {
			const before = await said(ann);

			await ann.goto(facts.PAGE);
			await say(ben, "while Ann was away");
			await hears(ben, "while Ann was away");
			await ann.goBack();
			await hears(ann, "while Ann was away");
			await ann.reload();
			await hears(ann, "while Ann was away");
			assert.deepEqual(await said(ann),
				[...before, "while Ann was away"]);
			await sees(ann, "Ann", "Ben");
			await say(ben, "and then");
			await hears(ann, "and then");
		});

		it("shows markup and control characters as text", async () => {
			const attack = "</script><img src=x onerror=alert(1)>"
				+ "<script>alert(2)</script>&lt;";
			const name = "</script><!--<script>";
			const eve = await enter(path, name);

			await say(eve, attack);
			await eve.reload();
			for (const page of [ann, ben, eve]) {
				await hears(page, attack);
				await sees(page, "Ann", "Ben", name);
				assert.equal(await page.locator("#said :is(img, script),"
					+ " #here :is(img, script)").count(), 0);
			}
			await eve.evaluate(() => {
				element("text").removeAttribute("maxlength");
			});
			assert.equal(await send(eve, { do: "say", token:
				await tokenOf(eve), text: "\u202e a\r\nb\0c\u001b[1m " }), 204);
			await hears(ann, "a b c [1m");
			for (const page of [ann, ben, eve])
				assert.ok(!page.context().alarmed);
			await eve.close();
			await isGone(ann, name);
		});

		it("takes nothing that is too long, empty or not UTF-8", async () => {
			const token = await tokenOf(ann);
			const count = (await said(ann)).length;

			for (const text of ["", " \t", "x".repeat(501),
				"x".repeat(9000)])
				assert.ok([400, 403].includes(await send(ann,
					{ do: "say", token, text })), text);
			assert.equal(await ann.evaluate(async (value) => (await fetch("",
				{ method: "POST", headers: { "Content-Type":
					"application/x-www-form-urlencoded" },
				body: `do=say&token=${value}&text=%ff` })).status,
			token), 400);
			await say(ann, "\u{1f600}".repeat(250));
			await hears(ann, "\u{1f600}".repeat(250));
			assert.equal((await said(ann)).length, count + 1);
		});

		it("takes nothing without the token of the visit", async () => {
			const stranger = await open(path);

			for (const token of ["", "x", await tokenOf(ben)])
				for (const what of ["say", "leave"])
					assert.equal(await send(ann,
						{ do: what, token, text: "forged" }), 403);
			assert.equal(await send(stranger, { do: "say",
				token: await tokenOf(stranger), text: "x" }), 400);
			await say(ann, "still here");
			await hears(ben, "still here");
			assert.ok(!(await said(ben)).includes("forged"));
		});

		it("gives nobody the name of another", async () => {
			const eve = await open(path);

			await ask(eve, " Ann\t");
			await eve.locator("#refused", { hasText:
				"Ann is here already." }).waitFor();
			assert.equal(await send(eve, { do: "enter", name: "\0",
				token: await tokenOf(eve) }), 400);
		});

		it("tells strangers nothing", async () => {
			const stranger = await open(path);

			await isOut(stranger);
			await say(ann, "not for strangers");
			await hears(ben, "not for strangers");
			assert.deepEqual(await overhears(stranger), []);
			assert.deepEqual([await said(stranger), await here(stranger)],
				[[], []]);
			assert.ok(!(await stranger.content()).includes("Ann"));
			// Who only listens is not somebody who is here.
			await sees(ann, "Ann", "Ben");
		});

		it("ends with the visit, in all tabs and for good", async () => {
			const tab = await open(path, ben.context());
			const old = await ben.context().cookies();

			await connected(tab);
			assert.ok((await overhears(ben)).length > 0);
			await ben.getByRole("button", { name: "Leave" }).click();
			await isOut(ben);
			await isGone(ann, "Ben");
			await isOut(tab);
			await say(ann, "Ben has left");
			await hears(ann, "Ben has left");
			assert.deepEqual(await said(tab), []);
			// The session of before opens nothing any more.
			await ben.context().addCookies(old);
			await ben.reload();
			await isOut(ben);
			await ben.context().addCookies(old);
			assert.deepEqual(await overhears(ben), []);
		});
	});
}

describe("the chats", () => {
	it("are one room, in both languages", async () => {
		const php = await enter("chat-php/", "Pia");
		const perl = await enter("chat-perl/", "Per");

		for (const page of [php, perl])
			await sees(page, "Per", "Pia");
		await say(php, "from PHP");
		await hears(perl, "from PHP");
		await say(perl, "from Perl");
		await hears(php, "from Perl");
	});

	it("are linked by the demo page, and one is there without PHP",
		async () => {
		const links = (page) => texts(page, "#chats a");
		const folder = await temporaryFolder();
		const bin = join(folder.path, "bin");
		let other;

		assert.deepEqual(await links(await open("")),
			chats.map(([, path]) => path));
		try {
			await mkdir(bin);
			for (const name of await readdir("/usr/bin"))
				if (!/^php/.test(name))
					await symlink(`/usr/bin/${name}`, join(bin, name));
			other = await startQuickstart(["--port",
				`${await freePort()}`], { PATH: bin });
			const page = await (await browser.newContext()).newPage();
			await page.goto(other.facts.PAGE);
			assert.deepEqual(await links(page), ["chat-perl/"]);
			await page.click("#chats a");
			await isOut(page);
			assert.equal((await fetch(`${other.facts.PAGE}chat-php/`))
				.status, 404);
		} finally {
			await other?.stop();
			await other?.remove();
			await folder.remove();
		}
	});
});
