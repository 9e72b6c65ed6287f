// SPDX-License-Identifier: MIT
// pushcgi.js - live updates in a page, one stream for all tabs; see README.md.
(function (self) {
	"use strict";

	var MOST_MS = 60000;	// an answer, a pause, an attempt of the browser
	var RING_MOST = 200;
	var document = self.document;
	var script = document && document.currentScript;
	var locks = self.navigator.locks;

	// Scripts may read what a short answer says, unlike EventSource's.
	// Status 0: the network failed.
	function ask(method, url, credentials, done) {
		var x = new XMLHttpRequest();

		x.open(method, url);
		x.withCredentials = credentials;
		x.timeout = MOST_MS;
		x.onloadend = function () { done(x.status, x); };
		x.send();
	}

	// Have a lock until it is released, or this tab or worker is dead.
	function hold(name, have) {
		locks.request(name, function () { return new Promise(have); });
	}

	function random() { return "pushcgi " + Math.random(); }

	function copy(o) { return JSON.parse(JSON.stringify(o)); }

	// Keeps a stream open behind o.id; returns what ends it.  Tells "from"
	// where it begins, and when a drained response, a "round", has ended.
	function keep(o, tell) {
		var source, timer, due, timing, failures = 0, refreshed, held, looked, isOpen;
		var over;

		function address() {
			var query = o.topics.map(function (topic) {
				return "topic=" + encodeURIComponent(topic);
			});

			if (o.id)
				query.push("lastEventID=" + encodeURIComponent(o.id));
			if (o.drain)
				query.push("delivery=drain");
			return o.url + (o.url.indexOf("?") < 0 ? "?" : "&")
				+ query.join("&");
		}

		function stop() {
			over = true;
			clearTimeout(timer);
			clearTimeout(timing);
			if (source)
				source.close();
		}

		function end(status) {
			stop();
			tell("close", { status: status });
		}

		// At random, so that visitors do not come back all at once.
		function later(status, least) {
			var ms = 1000 * least + (0.5 + Math.random() / 2)
				* Math.min(MOST_MS, 500 * Math.pow(2, failures++));

			refreshed = isOpen = false;
			tell("retry", { status: status, delay: ms });
			timer = setTimeout(connect, ms);
		}

		// By the clock, too, since timers sleep when the machine does.
		function plan() {
			clearTimeout(timing);
			due = o.refreshAfter && Date.now() + 1000 * o.refreshAfter;
			timing = due && setTimeout(refresh, 1000 * o.refreshAfter);
		}

		function refresh(then) {
			plan();
			ask("GET", o.refresh, true, function (status) {
				refreshed = true;
				if (over || !then)
					return;
				if (status === 401 || status === 403)
					end(status);
				else if (status >= 200 && status < 300)
					then();
				else
					later(status, 0);
			});
		}

		// Where are we in the hub's log?
		function look(then) {
			var asked = o.id;

			ask("HEAD", address(), o.credentials, function (status, x) {
				var link = /last-event-id="([^"]*)"/
					.exec(x.getResponseHeader("Link"));

				if (over)
					return;
				looked = true;
				if (!asked)
					o.id = o.id || link && link[1];
				else if (asked !== "earliest" && "earliest"
					=== x.getResponseHeader("Last-Event-ID")) {
					if (o.id === asked)
						o.id = "earliest";
					tell("gap", { lastEventId: asked });
				}
				then(status, x);
			});
		}

		function connect() {
			clearTimeout(timer);
			look(function (status, x) {
				if (status === 401 && o.refresh && !refreshed)
					refresh(connect);
				else if ([204, 400, 403, 410].indexOf(status) >= 0
					|| status === 401 && !o.refresh)
					end(status);
				else if (status < 400 && status || status === 404
					|| status === 405 || status === 501)
					open();
				else
					later(status, +x.getResponseHeader("Retry-After"));
			});
		}

		function watch(ms, opened) {
			clearTimeout(timer);
			timer = ms && setTimeout(function () {
				held = !opened;
				source.close();
				connect();
			}, ms);
		}

		function take(event) {
			o.id = event.lastEventId || o.id;
			tell("update", { type: event.type, data: event.data,
				lastEventId: event.lastEventId });
		}

		function open() {
			var opened, round;

			// Short answers come through, and a stream did not.
			o.drain = o.drain || held;
			tell("from", { lastEventId: o.id });
			source = new EventSource(address(),
				{ withCredentials: o.credentials });
			["message"].concat(o.types).forEach(function (type) {
				source.addEventListener(type, take);
			});
			watch(o.drain ? MOST_MS : 1000 * o.drainAfter);
			source.onopen = function () {
				clearTimeout(timer);
				failures = 0;
				refreshed = false;
				round = o.drain;
				if (isOpen)
					return;
				isOpen = opened = true;
				tell("open", {});
				if (!looked)
					look(function () {});
				looked = false;
			};
			source.onerror = function () {
				// 1: an update of the type "error".
				if (source.readyState === 1)
					return;
				if (source.readyState === 2)
					return later(0, 0);
				if (due && Date.now() > due) {
					source.close();
					refresh(connect);
				} else
					watch(MOST_MS, opened);
				if (round)
					tell("round");
				else if (isOpen) {
					isOpen = false;
					tell("retry", {});
				}
				round = false;
			};
		}

		plan();
		if (o.id)
			open();
		else
			connect();
		return stop;
	}

	// Shares a stream.  say(tab, kind, detail) speaks to a tab, or to all
	// whose place is the stream's; others have theirs in `tabs`.  `ring` is
	// the stream's latest part: whose place is in there gets what is behind
	// it.  Who is elsewhere gets a drained stream, until it is.
	function share(say) {
		var tabs = {}, ring = [], want, stop, state, behind;

		function find(id) {
			return ring.map(function (update) {
				return update.lastEventId;
			}).lastIndexOf(id);
		}

		function last() { return ring.slice(-1)[0] || {}; }

		function attach(name, at) {
			tabs[name] = null;
			ring.slice(at + 1).forEach(function (update) {
				if (update.type)
					say(name, "update", update);
			});
			say(name, "live", last());
			if (state === "open")
				say(name, state, {});
			caughtUp(name);
		}

		function caughtUp(name) {
			if (!behind || behind.name !== name)
				return;
			behind.stop();
			behind = null;
			Object.keys(tabs).forEach(settle);
		}

		function catchUp(name) {
			var from = last(), silent = 0, o = copy(want);

			o.id = tabs[name];
			o.drain = true;
			behind = { name: name };
			behind.stop = keep(o, function (kind, detail) {
				if (kind === "update") {
					silent = 0;
					from = last();
					tabs[name] = detail.lastEventId;
					say(name, kind, detail);
					settle(name);
				} else if (kind === "gap")
					say(name, kind, detail);
				// One that was cut looks silent, too: not the first.
				else if (kind === "round" && silent++ && state === "open")
					attach(name, ring.indexOf(from));
			});
		}

		function settle(name) {
			var at = tabs[name] ? find(tabs[name]) : ring.length;

			if (tabs[name] === null)
				return;
			if (at >= 0)
				attach(name, at);
			else if (!behind)
				catchUp(name);
		}

		function end() {
			if (behind)
				behind.stop();
			if (stop)
				stop();
			want = stop = behind = state = null;
			ring = [];
		}

		function heard(kind, detail) {
			if (kind === "from" && last().lastEventId !== detail.lastEventId)
				ring = [];
			if (kind === "update" || !ring.length)
				ring.push(detail);
			if (ring.length > RING_MOST)
				ring.shift();
			if (kind === "open" || kind === "retry")
				state = kind;
			say(null, kind, detail);
			if (kind === "close")
				end();
			Object.keys(tabs).forEach(function (name) {
				if (tabs[name] && tabs[name] === detail.lastEventId)
					settle(name);
			});
		}

		return {
			end: end,
			join: function (name, o) {
				var more = !want;

				tabs[name] = o.id;
				want = want || copy(o);
				["topics", "types"].forEach(function (key) {
					o[key].forEach(function (value) {
						if (want[key].indexOf(value) < 0)
							more = want[key].push(value);
					});
				});
				if (more) {
					if (stop)
						stop();
					stop = keep(want, heard);
				}
				settle(name);
			},
			leave: function (name) {
				delete tabs[name];
				caughtUp(name);
				if (!Object.keys(tabs).length)
					end();
			}
		};
	}

	// Holds the stream for the tabs that have this key; returns what ends it.
	function lead(key) {
		var me = random(), channel = new BroadcastChannel(key);
		var hub = share(function (to, kind, detail) {
			channel.postMessage({ by: me, to: to, kind: kind, detail: detail });
		});

		channel.onmessage = function (event) {
			var said = event.data;

			if (!said.join)
				return;
			hub.join(said.from, said.join);
			// A tab has its own lock as long as it is there.
			locks.request(said.from, function () { hub.leave(said.from); });
		};
		channel.postMessage({ leader: me });
		return function () {
			hub.end();
			channel.close();
		};
	}

	function Pushcgi(options) {
		var me = this, base = self.location, name, live, endings, ended;
		var url = new URL(options.url || "/.well-known/mercure", base);
		var o = {
			url: url.href,
			topics: [].concat(options.topics || []).sort(),
			types: [].concat(options.types || []),
			id: options.lastEventId,
			credentials: options.withCredentials === undefined
				? url.origin !== base.origin
				: options.withCredentials !== false,
			refresh: options.refresh && new URL(options.refresh, base).href,
			refreshAfter: options.refresh && options.refreshAfter,
			drain: options.delivery === "drain",
			drainAfter: options.drainAfter === undefined
				? 10 : options.drainAfter
		};
		// Who has the same one shares a stream.
		var key = "pushcgi " + JSON.stringify([o.url, o.credentials,
			o.refresh, options.share === "all" || o.topics]);

		function hear(to, kind, detail) {
			if (to ? to !== name : !live)
				return;
			if (kind === "live")
				live = true;
			if (kind === "live" || kind === "from") {
				o.id = o.id || detail.lastEventId;
				return;
			}
			if (kind === "update") {
				o.id = detail.lastEventId || o.id;
				if (detail.type !== "message"
					&& o.types.indexOf(detail.type) < 0)
					return;
			}
			if (kind === "close")
				me.close();
			if (options["on" + kind])
				options["on" + kind](detail);
			if (options.target)
				options.target.dispatchEvent(new CustomEvent(
					"pushcgi:" + kind, { bubbles: true, detail: detail }));
		}

		// Whoever gets the lock holds the stream for all: a worker if
		// there can be one; when it is dead, a tab.
		function together() {
			var mine = endings, channel = new BroadcastChannel(key);
			var leader, stands;

			function join() {
				live = false;
				channel.postMessage({ from: name, join: o });
			}

			function stand() {
				if (!stands && mine === endings)
					hold(key, function (release) {
						if (mine !== endings)
							return release();
						endings.push(lead(key), release);
					});
				stands = true;
			}

			channel.onmessage = function (event) {
				var said = event.data;

				if (said.leader || said.by && !leader) {
					leader = said.leader || said.by;
					stand();
				}
				if (said.leader)
					join();
				// What a former one still says, this one says again.
				else if (leader && said.by === leader)
					hear(said.to, said.kind, said.detail);
			};
			endings.push(function () { channel.close(); });
			join();
			try {
				new SharedWorker(script.src, key).onerror = stand;
				setTimeout(stand, 3000);
			} catch (error) {
				stand();
			}
		}

		function start() {
			var mine = endings = [], hub;

			name = random();
			live = false;
			if (locks && self.BroadcastChannel && options.share !== "none")
				return hold(name, function (release) {
					if (mine !== endings)
						return release();
					endings.push(release);
					together();
				});
			hub = share(hear);
			endings.push(hub.end);
			hub.join(name, o);
		}

		function stop() {
			(endings || []).forEach(function (act) { act(); });
			endings = null;
		}

		function resume() {
			if (!endings && !ended)
				start();
		}

		// A page that is put aside must not keep others waiting.
		self.addEventListener("pagehide", stop);
		self.addEventListener("pageshow", resume);
		document.addEventListener("freeze", stop);
		document.addEventListener("resume", resume);
		me.close = function () {
			ended = true;
			stop();
		};
		start();
	}

	// What the script element's attributes say.
	function settings() {
		var data = script ? script.dataset : {}, o = {}, name;

		for (name in data)
			try {
				o[name] = JSON.parse(data[name]);
			} catch (error) {
				o[name] = data[name];
			}
		o.lastEventId = data.lastEventId;
		return o;
	}

	function begin() {
		script.pushcgi = new Pushcgi(Object.assign(settings(),
			{ target: script }));
	}

	// The worker runs this same file.
	if (!document)
		return hold(self.name, function () { lead(self.name); });
	self.Pushcgi = Pushcgi;
	self.pushcgi = {
		subscribe: function (topics, listener, options) {
			return new Pushcgi(Object.assign(settings(), options,
				{ topics: topics, onupdate: listener }));
		}
	};
	if (!script || !script.dataset.topics)
		return;
	// Later scripts have their listeners by then.
	if (document.readyState === "loading")
		document.addEventListener("DOMContentLoaded", begin);
	else
		begin();
})(self);
