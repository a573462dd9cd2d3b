const STATE = ["state", "state_since", "fault", "state_message", "picture", "sound"];
const STATE_MS = 5000;

frappe.ui.form.on("Camera", {
    setup(frm) {
        frm.set_query("volume", () => ({ filters: { kind: "Local Folder" } }));
    },

    refresh(frm) {
        frm.trigger("show_player");
        frm.trigger("show_state");
        frm.trigger("watch_state");
        frm.trigger("offer_connection");
    },

    // The server decides who may; the button only spares others a refusal.
    offer_connection(frm) {
        if (frm.is_new() || !frappe.user.has_role("Monitoring Administrator")) return;
        frm.add_custom_button(__("Show Connection"), () => {
            frappe.prompt(
                [{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 }],
                ({ reason }) => frm.events.show_connection(frm, reason),
                __("Show Connection"),
                __("Show"),
            );
        });
    },

    async show_connection(frm, reason) {
        const answer = await frappe.call({
            method: "giam_sat_mot_cua.api.connection.reveal",
            args: { camera: frm.doc.name, reason },
        });
        const labels = {
            stream_url: "Stream Address",
            stream_username: "User Name",
            stream_password: "Password",
        };
        const dialog = new frappe.ui.Dialog({
            title: __("Connection of {0}", [frm.doc.camera_name]),
            fields: Object.entries(labels).map(([fieldname, label]) => ({
                fieldname,
                fieldtype: "Data",
                label: __(label),
                read_only: 1,
                default: answer.message[fieldname] || __("none"),
            })),
        });
        dialog.show();
        dialog.$wrapper.on("hidden.bs.modal", () => dialog.$wrapper.remove());
    },

    show_player(frm) {
        const wrapper = frm.get_field("player").$wrapper;
        if (frm.is_new()) {
            wrapper.empty();
            return;
        }
        if (frm.gsmc_player && frm.gsmc_player.camera === frm.doc.name && wrapper.children().length) return;
        frappe.require("gsmc_player.bundle.js", () => {
            if (frm.gsmc_player) frm.gsmc_player.stop();
            frm.gsmc_player = new gsmc.FootagePlayer({ wrapper, camera: frm.doc.name });
        });
    },

    // The recorder changes the state while the form is open; nothing that a person writes is touched.
    watch_state(frm) {
        clearInterval(frm.state_watch);
        if (frm.is_new()) return;
        const camera = frm.doc.name;
        const shown = () => frm.doc.name === camera && frappe.get_route().join() === `Form,Camera,${camera}`;
        const query = { doctype: "Camera", filters: camera, fieldname: JSON.stringify(STATE) };
        const url = `/api/method/frappe.client.get_value?${new URLSearchParams(query)}`;
        frm.state_watch = setInterval(async () => {
            if (!shown()) return clearInterval(frm.state_watch);
            if (document.hidden) return;
            try {
                const response = await fetch(url, { headers: { Accept: "application/json" } });
                const { message } = response.ok ? await response.json() : {};
                if (!message || !shown() || STATE.every((field) => frm.doc[field] === message[field])) return;
                Object.assign(frm.doc, message);
                STATE.forEach((field) => frm.refresh_field(field));
                frm.trigger("show_state");
            } catch {
                // the server is away: the next time shows more
            }
        }, STATE_MS);
    },

    show_state(frm) {
        const colours = { Recording: "green", Connecting: "blue", Waiting: "red", "Not Recording": "gray" };
        if (!frm.is_new() && frm.doc.state) {
            frm.page.set_indicator(__(frm.doc.state), colours[frm.doc.state]);
        }
        frm.set_intro("");
        if (frm.doc.state_message && !frm.is_new()) frm.set_intro(frm.doc.state_message, "red");
    },
});
