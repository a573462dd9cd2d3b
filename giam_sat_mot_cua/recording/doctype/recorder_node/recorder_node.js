// What the node's recorders say now. The server reads it from Redis and decides who may see it.

const AGAIN_MS = 5000;
const STATUS = "/api/method/giam_sat_mot_cua.api.nodes.status";

frappe.ui.form.on("Recorder Node", {
    refresh(frm) {
        clearTimeout(frm.gsmc_timer);
        if (frm.is_new()) return;
        frm.page.set_indicator(__(frm.doc.state), frm.doc.state === "Up" ? "green" : "red");
        follow(frm, frm.doc.name);
    },
});

async function follow(frm, node) {
    const $wrapper = frm.get_field("live_status").$wrapper;
    if (!document.hidden) {
        const now = await ask(node);
        if (frm.doc.name !== node) return; // another node's form by now
        show($wrapper, now);
        if (now.up !== undefined) {
            frm.page.set_indicator(now.up ? __("Up") : __("Down"), now.up ? "green" : "red");
        }
    }
    clearTimeout(frm.gsmc_timer);
    frm.gsmc_timer = setTimeout(() => {
        if (frm.doc.name === node && $wrapper.is(":visible")) follow(frm, node);
    }, AGAIN_MS);
}

// {error: text} when there is no answer
async function ask(node) {
    try {
        const response = await fetch(`${STATUS}?node=${encodeURIComponent(node)}`, {
            headers: { Accept: "application/json" },
        });
        if (response.status === 401 || response.status === 403) {
            return { error: __("You may not see this, or your login has expired. Log in again.") };
        }
        if (!response.ok) throw new Error();
        const now = (await response.json()).message;
        if (!now.away) return now;
        return {
            error: __(
                "Redis of the recorders does not answer: nothing is known of them now. They go on recording.",
            ),
        };
    } catch {
        return { error: __("The server does not answer. Trying again by itself.") };
    }
}

function show($wrapper, now) {
    const $panel = $('<div class="gsmc-node"></div>');
    if (now.error) {
        $panel.append($('<div class="gsmc-note text-danger"></div>').text(now.error));
    } else {
        if (!now.up) {
            const text = __(
                "No recorder of this node reports. Its cameras move to other nodes; check the machine and its recording workers.",
            );
            $panel.append($('<div class="gsmc-note text-danger"></div>').text(text));
        }
        $panel.append(figures(now), volumes(now), cameras(now));
    }
    $wrapper.empty().append($panel);
}

function figures(now) {
    const busy = now.recorders.filter((recorder) => recorder.cameras);
    const standby = now.recorders.length - busy.length;
    const seconds = (value) => (value === null ? "–" : __("{0} s", [format_number(value, null, 1)]));
    const room = now.recorders.map((recorder) => {
        const leaving = recorder.leaving ? ` (${__("leaving")})` : "";
        return `${recorder.cameras}/${recorder.capacity}${leaving}`;
    });
    const rows = [
        [__("Last Seen"), seconds(now.reported_s)],
        [__("Recorders"), `${busy.length}`],
        [__("Standby Recorders"), `${standby}`],
        [__("Waiting for a Worker"), `${now.queued}`],
        [__("Cameras of Each Recorder"), room.join(", ") || "–"],
        [__("Oldest Packet Age (seconds)"), seconds(now.oldest_packet_s)],
        [__("Events Waiting"), `${now.waiting} (${seconds(now.index_delay_s)})`],
        [__("Database Answered"), seconds(now.database_s)],
        [__("Load Average (1 minute)"), format_number(now.load, null, 2)],
        [__("Memory of the Recorders (MB)"), format_number(now.memory_mb, null, 1)],
        [__("Version"), now.version || "–"],
    ];
    const $list = $('<dl class="gsmc-figures"></dl>');
    for (const [label, value] of rows) {
        $("<div></div>").append($("<dt></dt>").text(label), $("<dd></dd>").text(value)).appendTo($list);
    }
    return $list;
}

function volumes(now) {
    return table(
        [__("Volume"), __("State"), __("Free (GB)"), __("Size (GB)")],
        now.volumes.map((volume) => [
            link("storage-volume", volume.name, volume.name),
            mark(__(volume.state || "Not Checked Yet"), volume.state === "Ready"),
            format_number(volume.free_gb, null, 1),
            format_number(volume.total_gb, null, 1),
        ]),
        __("This node has no storage volume."),
    );
}

function cameras(now) {
    const $table = table(
        [__("Camera"), __("Camera Name"), __("Recording State"), __("Packet Age (seconds)")],
        now.cameras.map((camera) => [
            link("camera", camera.name, camera.name),
            document.createTextNode(camera.title),
            mark(__(camera.fault || camera.state || "Waiting"), camera.state === "Recording"),
            camera.packet_age_s === null ? "–" : format_number(camera.packet_age_s, null, 1),
        ]),
        __("This node records no camera now."),
    );
    if (!now.more_cameras) return $table;
    const more = __("and {0} cameras that you do not see", [now.more_cameras]);
    return $table.add($('<div class="small text-muted"></div>').text(more));
}

function link(route, name, text) {
    return $("<a></a>")
        .attr("href", `/app/${route}/${encodeURIComponent(name)}`)
        .text(text);
}

function mark(text, good) {
    return $(`<span class="indicator-pill ${good ? "green" : "red"}"></span>`).text(text);
}

function table(heads, rows, empty) {
    const $table = $('<table class="table table-bordered table-sm"></table>');
    const $heads = $("<tr></tr>").append(heads.map((text) => $("<th></th>").text(text)));
    const $body = $("<tbody></tbody>");
    for (const row of rows) {
        $("<tr></tr>")
            .append(row.map((cell) => $("<td></td>").append(cell)))
            .appendTo($body);
    }
    if (!rows.length) {
        $body.append($("<tr></tr>").append($(`<td colspan="${heads.length}"></td>`).text(empty)));
    }
    $table.append($("<thead></thead>").append($heads), $body);
    return $('<div class="table-responsive"></div>').append($table);
}
