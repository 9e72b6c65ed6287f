// SPDX-License-Identifier: MIT
// support.js - what the browser tests share: processes, waiting, browsers.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium, firefox } from "playwright-core";
import { launchWebKit } from "./webkit.js";

const here = dirname(fileURLToPath(import.meta.url));

export const source = process.env.PUSHCGI_SRC ?? join(here, "..", "..");
export const build = process.env.PUSHCGI_BUILD ?? join(source, "build");

// How long a condition may take; no test passes by how much of it is used.
export const DEADLINE_MS =
	1000 * Number(process.env.PUSHCGI_TEST_DEADLINE ?? 60);

export async function waitUntil(what, condition) {
	const end = Date.now() + DEADLINE_MS;

	for (;;) {
		const result = await condition();
		if (result)
			return result;
		if (Date.now() > end)
			throw new Error(`gave up waiting until ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

export async function run(program, ...args) {
	const { stdout } = await promisify(execFile)(program, args);

	return stdout;
}

export const shell = (line) => run("bash", "-c", line);

export const helper = (config, ...args) =>
	run(join(build, "pushcgi"), "--config", config, ...args);

// A process whose output is kept; it ends with the test.
export function start(program, args, options = {}) {
	const child = spawn(program, args, options);
	const started = { child, output: "", errors: "", exited: false };
	const ended = new Promise((resolve) => {
		child.on("exit", resolve);
		child.on("error", (error) => {
			started.errors += error.message;
			resolve();
		});
	});

	ended.then(() => { started.exited = true; });
	child.stdout?.on("data", (bytes) => { started.output += bytes; });
	child.stderr?.on("data", (bytes) => { started.errors += bytes; });
	started.stop = async (signal = "SIGTERM") => {
		if (!started.exited)
			child.kill(signal);
		await ended;
	};
	return started;
}

export async function temporaryFolder() {
	const path = await mkdtemp(join(tmpdir(), "pushcgi-browser-"));

	return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

let portsTried = 0;

// A port for a server: none of those that clients get by themselves, nor of
// those of the tests in Perl.
export async function freePort() {
	for (;;) {
		const port = 29000 + (13 * process.pid + portsTried++) % 3500;
		const free = await new Promise((resolve) => {
			const server = createServer()
				.on("error", () => resolve(false));

			server.listen(port, "127.0.0.1",
				() => server.close(() => resolve(true)));
		});

		if (free)
			return port;
	}
}

// ./quickstart, with its state in a folder that `remove` removes: the
// facts of its file env, and line(), which finds what it has printed.
export async function startQuickstart(args = [], env = {}) {
	const folder = await temporaryFolder();
	const dir = join(folder.path, "state");
	const started = start(join(source, "quickstart"), args, { env: {
		...process.env, ...env, QUICKSTART_DIR: dir,
		PUSHCGI_BUILD: build } });
	const line = (word) => started.output.split("\n")
		.map((text) => text.trim()).find((text) => word.test(text));

	try {
		const text = await waitUntil("quickstart is ready", () => {
			assert.ok(!started.exited, started.errors);
			return readFile(join(dir, "env"), "utf8").catch(() => null);
		});
		const facts = Object.fromEntries(text.trim().split("\n")
			.map((fact) => [fact.split("=")[0],
				fact.slice(fact.indexOf("=") + 1)
					.replace(/\\(.)/g, "$1")]));
		await waitUntil("it has printed its lines",
			() => line(/Ctrl-C/));
		return { dir, facts, line, stop: started.stop,
			remove: folder.remove };
	} catch (error) {
		await started.stop();
		await folder.remove();
		throw error;
	}
}

export const engine = process.env.PUSHCGI_BROWSER ?? "chromium";

// A stock Firefox, by WebDriver BiDi.
function launchFirefox() {
	return firefox.launch({
		channel: "moz-firefox",
		executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
		firefoxUserPrefs: { "network.dns.localDomains": "site.example" },
	});
}

export function launch({ args = [], ...options } = {}) {
	if (engine === "firefox")
		return launchFirefox();
	if (engine === "webkit")
		return launchWebKit();
	return chromium.launch({
		...options,
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-quic",
			"--no-first-run", "--disable-background-networking",
			"--disable-component-update", "--disable-sync", ...args],
	});
}

// Define a test in these browsers only: the others cannot do what it needs.
export const inOnly = (engines, define) =>
	engines.includes(engine) ? define : () => {};

// The drivers of the others end with a page that crashes.
export const crash = (page) => engine === "chromium"
	? page.goto("chrome://crash").catch(() => {}) : page.close();

// A page of its own visitor, that shares nothing with the others.
export async function visit(browser, url) {
	const context = await browser.newContext();
	const page = await context.newPage();

	page.setDefaultTimeout(DEADLINE_MS);
	await page.goto(url);
	return page;
}

// The texts of a page's list of updates.
export const updates = (page) =>
	page.locator("#updates li").allTextContents();

export function stateBecomes(page, state) {
	return waitUntil(`the page is ${state}`, async () =>
		(await page.locator("#state").textContent()) === state);
}
