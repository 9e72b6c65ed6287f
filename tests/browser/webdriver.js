// SPDX-License-Identifier: MIT
// webdriver.js - one WebKitGTK browser, driven by WebKitWebDriver.
import { spawn } from "node:child_process";
import { freePort } from "./support.js";

const MINIBROWSER = process.env.MINIBROWSER
	?? "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

async function call(base, method, path, body) {
	const answer = await fetch(base + path, { method,
		body: body === undefined ? undefined : JSON.stringify(body) });
	const { value } = await answer.json();

	if (value?.error)
		throw new Error(`${value.error}: ${value.message}`);
	return value;
}

async function startDriver() {
	const port = await freePort();
	const base = `http://127.0.0.1:${port}`;
	const process = spawn("WebKitWebDriver",
		[`--port=${port}`, "--host=127.0.0.1"], { stdio: "ignore" });
	const end = Date.now() + 60000;

	for (;;) {
		try {
			await call(base, "GET", "/status");
			return { base, process };
		} catch (error) {
			if (Date.now() > end)
				throw error;
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}

// A session has one browser.  A script may take as long as it likes: its
// time-out would be a timer of the page, which a fake clock fires.
export async function startSession({ ignoreHTTPSErrors = false }) {
	const { base, process } = await startDriver();
	const { sessionId } = await call(base, "POST", "/session", {
		capabilities: { alwaysMatch: {
			acceptInsecureCerts: ignoreHTTPSErrors,
			timeouts: { script: 2147483647, pageLoad: 60000 },
			"webkitgtk:browserOptions": { binary: MINIBROWSER,
				args: ["--automation"] },
		} },
	});
	const send = (method, path, body) =>
		call(base, method, `/session/${sessionId}${path}`, body);
	let queue = Promise.resolve();

	return {
		send,
		// A session acts in one window at a time.
		alone: (act) => {
			const result = queue.then(act);

			queue = result.catch(() => {});
			return result;
		},
		stop: async () => {
			await send("DELETE", "").catch(() => {});
			process.kill();
		},
	};
}
