frappe.ui.form.on("Camera", {
    refresh(frm) {
        frm.trigger("show_player");
        frm.trigger("show_state");
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

    show_state(frm) {
        const colours = { Recording: "green", Connecting: "blue", Waiting: "red", "Not Recording": "gray" };
        if (!frm.is_new() && frm.doc.state) {
            frm.page.set_indicator(__(frm.doc.state), colours[frm.doc.state]);
        }
        frm.set_intro("");
        if (frm.doc.state_message && !frm.is_new()) frm.set_intro(frm.doc.state_message, "red");
    },
});
