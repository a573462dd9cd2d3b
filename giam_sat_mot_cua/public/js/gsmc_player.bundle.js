// Plays a camera's footage in a form: the newest still, live video, or a period of the past.
// Rules stay on the server: the playlist endpoint decides who may see what.
import Hls from "hls.js";

const METHOD = "/api/method/giam_sat_mot_cua.api.";
const MOST_LINES = 8;
const STANDS_STILL_MS = 10000; // a live picture that is not followed by another for so long
// kind of a piece of time -> how its bar looks
const PIECES = {
    recorded: "full",
    removed: "removed",
    missing: "missing",
    away: "away",
    gap: "none",
    unknown: "unknown",
};

class FootagePlayer {
    constructor({ wrapper, camera }) {
        this.$wrapper = $(wrapper);
        this.camera = camera;
        this.make();
        this.show_still();
    }

    make() {
        this.$wrapper.html(`
			<div class="gsmc-player">
				<div class="gsmc-screen"></div>
				<div class="gsmc-bar">
					<button type="button" class="btn btn-primary btn-sm gsmc-live">${__("Watch Live")}</button>
					<button type="button" class="btn btn-default btn-sm gsmc-past">${__("Play a Period")}</button>
					<button type="button" class="btn btn-default btn-sm gsmc-stop">${__("Stop")}</button>
					<span class="gsmc-time text-muted" aria-live="off"></span>
				</div>
				<div class="gsmc-period"></div>
				<div class="gsmc-hour"></div>
			</div>`);
        this.$screen = this.$wrapper.find(".gsmc-screen");
        this.$time = this.$wrapper.find(".gsmc-time");
        this.$period = this.$wrapper.find(".gsmc-period");
        this.$wrapper.find(".gsmc-live").on("click", () => this.play_live());
        this.$wrapper.find(".gsmc-past").on("click", () => this.ask_period());
        this.$stop = this.$wrapper.find(".gsmc-stop").on("click", () => this.show_still());
        this.show_hour();
    }

    show_still() {
        this.stop();
        this.show_period(null);
        const url = `${METHOD}stills.still?camera=${encodeURIComponent(this.camera)}&t=${Date.now()}`;
        const $image = $("<img>").attr({ src: url, alt: __("Newest still") });
        $image.on("error", () => this.note(__("There is no picture of this camera yet.")));
        this.$screen.empty().append($image);
        this.$time.text(__("Newest still"));
    }

    async play_live() {
        const answer = await this.get("playback.live_from");
        if (!answer) return;
        this.play({ camera: this.camera, since: answer.since }, true);
    }

    ask_period() {
        const now = moment(frappe.datetime.now_datetime());
        const dialog = frappe.prompt(
            [
                { fieldname: "start", fieldtype: "Data", label: __("From"), reqd: 1 },
                { fieldname: "end", fieldtype: "Data", label: __("To"), reqd: 1 },
            ],
            ({ start, end }) => {
                this.play(
                    { camera: this.camera, start: start.replace("T", " "), end: end.replace("T", " ") },
                    false,
                );
            },
            __("Play a Period"),
            __("Play"),
        );
        // the browser's own field: it counts seconds, in the order of days and months of its user
        for (const [name, time] of Object.entries({ start: moment(now).subtract(15, "minutes"), end: now })) {
            dialog.fields_dict[name].$input.attr({ type: "datetime-local", step: 1 });
            dialog.set_value(name, time.format("YYYY-MM-DDTHH:mm:ss"));
        }
    }

    async play(query, live) {
        this.stop();
        this.show_period(live ? null : query);
        if (!Hls.isSupported()) {
            this.note(__("This browser cannot play the video. Use a current Chrome, Edge or Firefox."));
            return;
        }
        const url = (this.url = `${METHOD}playback.playlist?${new URLSearchParams(query)}`);
        const $video = $("<video controls autoplay muted playsinline></video>");
        this.$screen.empty().append($video);
        this.$stop.show();
        this.live = live;
        this.video = $video.get(0);
        this.hls = new Hls({
            liveSyncDurationCount: 1,
            liveMaxLatencyDurationCount: 6,
            maxLiveSyncPlaybackRate: 1.5,
            startPosition: live ? -1 : 0,
            enableWorker: true,
        });
        this.hls.on(Hls.Events.ERROR, (_event, error) => this.on_error(error));
        this.hls.loadSource(url);
        this.hls.attachMedia(this.video);
        this.clock = setInterval(() => this.show_time(), 250);
    }

    // Reading is GET: versions of Frappe differ in how a call says so.
    async get(method, query = {}, say = (status) => this.note_status(status)) {
        const url = `${METHOD}${method}?${new URLSearchParams({ ...query, camera: this.camera })}`;
        try {
            const response = await fetch(url, { headers: { Accept: "application/json" } });
            if (response.ok) return (await response.json()).message;
            say(response.status);
        } catch {
            say(0);
        }
        return null;
    }

    note_status(status) {
        if (status === 403 || status === 401) {
            this.note(__("You may not watch this camera, or your login has expired. Log in again."));
        } else {
            this.note(__("The connection to the server was lost. Press the button again."));
        }
    }

    // hls.js tells the status alone: the reason is asked for once more, in words.
    async explain(url, status) {
        if (![410, 417, 424].includes(status)) return this.note_status(status);
        this.stop();
        try {
            const response = await fetch(url, { headers: { Accept: "application/json" } });
            const [said] = JSON.parse((await response.json())._server_messages);
            this.note($("<div>").html(JSON.parse(said).message).text());
        } catch {
            this.note_status(0);
        }
    }

    show_time() {
        if (!document.body.contains(this.$wrapper.get(0))) {
            this.stop(); // the form was left
            return;
        }
        const date = this.hls && this.hls.playingDate;
        if (date) {
            const zone = frappe.boot.time_zone?.system || frappe.sys_defaults.time_zone;
            const text = moment(date).tz(zone).format("DD/MM/YYYY HH:mm:ss");
            if (!this.live) return this.$time.text(text);
            if (+date !== this.newest) [this.newest, this.moved_at] = [+date, Date.now()];
            const still = !this.video.paused && Date.now() - this.moved_at > STANDS_STILL_MS;
            this.$time.toggleClass("text-danger", still);
            this.$time.text(still ? __("No new picture since {0}", [text]) : `${__("Live")} · ${text}`);
        }
    }

    on_error(error) {
        if (!error.fatal) return;
        const status = error.response && error.response.code;
        const codec = [
            "bufferAddCodecError",
            "manifestIncompatibleCodecsError",
            "bufferIncompatibleCodecsError",
        ];
        if (error.type === Hls.ErrorTypes.MEDIA_ERROR && codec.includes(error.details)) {
            this.note(
                __(
                    "This browser cannot play H.265. The recording is complete; use a browser with H.265, or set the camera to H.264.",
                ),
            );
        } else if (error.details === "levelEmptyError" || error.details === "manifestParsingError") {
            this.note(
                this.live ? __("There is no live picture now.") : __("Nothing was recorded in this period."),
            );
        } else if (error.details === "fragLoadError" && status === 424) {
            this.note(
                __(
                    "This part of the footage lies in the archive, which does not answer now. It is not lost: try again later, or choose another period.",
                ),
            );
        } else if (error.type === Hls.ErrorTypes.NETWORK_ERROR) {
            this.explain(error.url || this.url, status);
        } else {
            this.note(__("The video cannot be played here."));
        }
    }

    note(text) {
        this.stop();
        this.$screen.empty().append($('<div class="gsmc-note"></div>').text(text));
        this.$time.empty();
    }

    stop() {
        clearInterval(this.clock);
        this.$time && this.$time.removeClass("text-danger");
        if (this.hls) this.hls.destroy();
        this.hls = this.video = null;
        this.$stop && this.$stop.hide();
    }

    // What the chosen period holds, before and while it is played.
    async show_period(query) {
        this.$period.empty();
        this.shown_period = query;
        if (!query) return;
        // what is wrong with the period, the playlist says
        const found = await this.get("coverage.period", { start: query.start, end: query.end }, () => {});
        if (!found || this.shown_period !== query) return;
        const summary = __("Recorded {0} min, of which {1} min can be played", [
            format_number(found.recorded_s / 60, null, 1),
            format_number(found.playable_s / 60, null, 1),
        ]);
        const line = (piece) =>
            `${frappe.datetime.str_to_user(piece.from)} – ${frappe.datetime.str_to_user(piece.to)} · ${piece.text}`;
        const $bar = $('<div class="gsmc-coverage" role="img"></div>').attr("aria-label", summary);
        for (const piece of found.pieces) {
            $("<span></span>")
                .addClass(PIECES[piece.kind])
                .css("flex-grow", piece.seconds)
                .attr("title", line(piece))
                .appendTo($bar);
        }
        this.$period.append($('<div class="text-muted small"></div>').text(summary), $bar);
        const other = found.pieces.filter((piece) => piece.kind !== "recorded");
        for (const piece of other.slice(0, MOST_LINES)) {
            $('<div class="small"></div>').text(line(piece)).appendTo(this.$period);
        }
        if (other.length > MOST_LINES) {
            $('<div class="small text-muted"></div>')
                .text(__("and {0} more", [other.length - MOST_LINES]))
                .appendTo(this.$period);
        }
    }

    async show_hour() {
        const hour = await this.get("coverage.last_hour");
        if (!hour) return;
        const share = (value, kind) => {
            if (value === null) return "unknown"; // before the camera was known
            if (["removed", "missing", "away", "unknown"].includes(kind)) return PIECES[kind];
            return value > 0.98 ? "full" : value > 0 ? "part" : "none";
        };
        const bars = hour.minutes
            .map((value, index) => `<span class="${share(value, hour.kinds[index])}"></span>`)
            .join("");
        const summary =
            hour.percent === null
                ? __("This camera was added just now.")
                : __("Recorded in the last hour: {0} %", [format_number(hour.percent, null, 1)]);
        const $hour = this.$wrapper.find(".gsmc-hour").empty();
        $('<div class="text-muted small"></div>').text(summary).appendTo($hour);
        $(`<div class="gsmc-coverage" role="img">${bars}</div>`).attr("aria-label", summary).appendTo($hour);
        const shown = hour.gaps.slice(-5);
        for (const gap of shown) {
            const until = gap.end_time
                ? `${frappe.datetime.str_to_user(gap.end_time)} (${__("{0} s", [format_number(gap.duration_s, null, 1)])})`
                : __("until now");
            const text = `${frappe.datetime.str_to_user(gap.start_time)} – ${until} · ${__(gap.cause)}`;
            $('<div class="small"></div>').text(text).appendTo($hour);
        }
        if (hour.gaps.length > shown.length) {
            $('<div class="small text-muted"></div>')
                .text(__("and {0} earlier ones", [hour.gaps.length - shown.length]))
                .appendTo($hour);
        }
    }
}

frappe.provide("gsmc");
gsmc.FootagePlayer = FootagePlayer;
