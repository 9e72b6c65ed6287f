// SPDX-License-Identifier: MIT
// board.test.js - Chromium at the board of plain PHP pages.
import assert from "node:assert/strict";
import { chmod, copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { helper, launch, source, visit, waitUntil } from "./support.js";
import { startSite } from "./jspage.js";

// "open sesame"
const hash = "$2y$04$tzh8zWB.lqDN885Fbm41H.epR6pH/1AAV2eLQxBg4IDQujZVW93vW";

describe("the board of plain PHP pages", () => {
	let browser, site, board;

	before(async () => {
		site = await startSite("lighttpd", "MERCURE_RETRY=100",
			"MERCURE_SESSION_COOKIE=PHPSESSID");
		board = `${site.url}app/board/`;
		const from = join(source, "templates");
		const to = join(site.folder, "app", "board");
		const data = join(site.folder, "..", "board-data");

		await mkdir(to);
		for (const name of await readdir(join(from, "board")))
			await copyFile(join(from, "board", name), join(to, name));
		for (const path of ["php/pushcgi.php", "js/pushcgi.js",
			"js/pushcgi-more.js"])
			await copyFile(join(from, path),
				join(to, path.split("/")[1]));
		await mkdir(data);
		// PHP runs as the web server's user.
		await chmod(data, 0o777);
		await writeFile(join(data, "members"), `ann:${hash}\nbob:${hash}\n`);
		browser = await launch();
	});
	after(async () => {
		await browser?.close();
		await site?.stop();
	});

	const shown = (page) => page.locator("#replies li").allTextContents();

	async function shows(page, text) {
		await waitUntil(`the page shows ${text}`, async () =>
			(await shown(page)).includes(text));
		return shown(page);
	}

	// A visitor, who listens; may have what the pages of a thread show.
	async function visitor(name) {
		const page = await visit(browser, "about:blank");

		await page.context().addInitScript(() =>
			document.addEventListener("pushcgi:open", () => {
				document.documentElement.dataset.open = "yes";
			}));
		await page.goto(board);
		if (name) {
			await page.fill("[name=name]", name);
			await page.fill("[name=password]", "open sesame");
			await page.click("#login button");
			await page.waitForURL(/thread=den/);
		}
		await isListening(page);
		return page;
	}

	const isListening = (page) => waitUntil("the page listens", () =>
		page.evaluate(() => document.documentElement.dataset.open));

	async function reply(page, text) {
		await page.fill("[name=text]", text);
		await page.click("#reply button");
		await shows(page, text);
	}

	const close = (...pages) => Promise.all(pages.map((page) =>
		page.context().close()));

	it("shows a reply to visitors as it is written", async () => {
		const anybody = await visitor();
		const ann = await visitor("ann");

		await ann.click("nav a[href*=news]");
		await ann.fill("[name=text]", "<b>Hello</b> & welcome");
		await ann.click("#reply button");
		for (const page of [anybody, ann])
			assert.deepEqual(await shows(page,
				"ann: <b>Hello</b> & welcome"),
			["ann: <b>Hello</b> & welcome"]);
		await anybody.reload();
		assert.deepEqual(await shown(anybody),
			["ann: <b>Hello</b> & welcome"]);
		await close(anybody, ann);
	});

	// What a page gets that asks for the members' topic itself, behind the
	// public update that ends it.
	const asking = (page) => page.evaluate(() => {
		globalThis.got = [];
		return new Promise((resolve) => pushcgi.subscribe(
			["https://example.com/board/den", "marker"],
			({ data }) => got.push(data),
			{ share: "none", onopen: resolve, lastEventId: undefined }));
	});
	const gotBefore = async (page, marker) => {
		await site.publish("marker", marker);
		await waitUntil(`${marker} has come`, () => page.evaluate(
			(wanted) => got.includes(wanted), marker));
		return page.evaluate((wanted) =>
			got.filter((data) => data !== wanted), marker);
	};

	it("shows the members' thread to members only", async () => {
		const anybody = await visitor();
		const ann = await visitor("ann");
		const bob = await visitor("bob");

		await anybody.goto(`${board}?thread=den`);
		assert.equal(await anybody.textContent("h1"), "News");
		await isListening(anybody);
		await asking(anybody);
		await ann.fill("[name=text]", "Among us");
		await ann.click("#reply button");
		await shows(bob, "ann: Among us");
		assert.deepEqual(await gotBefore(anybody, "end"), []);
		await close(anybody, ann, bob);
	});

	it("ends with the log-out what a member has", async () => {
		const ann = await visitor("ann");
		const bob = await visitor("bob");

		await asking(bob);
		const tab = await bob.context().newPage();
		await tab.goto(board);
		await tab.click("#logout button");
		await tab.waitForSelector("#login");
		await ann.fill("[name=text]", "Without Bob");
		await ann.click("#reply button");
		await shows(ann, "ann: Without Bob");
		assert.deepEqual(await gotBefore(bob, "out"), []);
		assert.ok(!(await shown(bob)).includes("ann: Without Bob"));
		await close(ann, bob);
	});

	it("refreshes what a member has", async () => {
		const ann = await visitor("ann");
		const ask = (page) => page.evaluate(async () =>
			(await fetch("refresh.php")).status);

		assert.equal(await ask(ann), 204);
		const anybody = await visitor();
		assert.equal(await ask(anybody), 403);
		const list = (await helper(site.config, "session", "list",
			"--json")).trim().split("\n").map(JSON.parse);
		assert.ok(list.some(({ payload }) => payload?.user === "ann"));
		await close(ann, anybody);
	});

	it("takes forms of its own only", async () => {
		const ann = await visitor("ann");
		const send = (page, path, fields) => page.evaluate(
			async ([to, values]) => (await fetch(to, { method: "POST",
				body: new URLSearchParams(values) })).status,
			[path, fields]);
		const token = await ann.inputValue("#reply [name=token]");

		for (const path of ["reply.php", "login.php", "logout.php"])
			assert.equal(await send(ann, path,
				{ text: "forged", token: "x" }), 403, path);
		const anybody = await visitor();
		assert.equal(await send(anybody, "reply.php",
			{ text: "stolen", token }), 403);
		assert.equal(await send(anybody, "login.php", { name: "ann",
			password: "wrong",
			token: await anybody.inputValue("[name=token]") }), 403);
		await ann.reload();
		assert.ok(await ann.isVisible("#logout"));
		await close(ann, anybody);
	});
});
