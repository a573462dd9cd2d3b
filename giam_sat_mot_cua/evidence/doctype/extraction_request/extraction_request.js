// Rules stay on the server. This only shows what may be written, and asks for what a step needs.

const NEEDS_REASON = ["Returned", "Rejected", "Withdrawn"];
const OPEN = ["Draft", "Returned"];

frappe.ui.form.on("Extraction Request", {
    refresh(frm) {
        gsmc.lock_fields(frm);
        frm.trigger("show_steps_in_words");
        frm.trigger("show_sections");
        frm.trigger("say_where_it_stands");
        frm.trigger("show_packages");
        frm.trigger("offer_minutes");
        frm.trigger("show_log");
    },

    show_steps_in_words(frm) {
        const { grid } = frm.get_field("steps");
        const in_words = {
            from_status: (value) => __(value),
            to_status: (value) => __(value),
            full_name: (value) => frm.events.name_of(value),
        };
        for (const [field, formatter] of Object.entries(in_words)) {
            grid.update_docfield_property(field, "formatter", formatter);
        }
        grid.refresh();
    },

    offer_minutes(frm) {
        const format = frm.doc.__onload?.minutes_format;
        if (!format) return;
        const open = (path, args) => window.open(`${path}?${new URLSearchParams(args)}`, "_blank");
        const file = (form) =>
            open("/api/method/giam_sat_mot_cua.api.minutes.download", { request: frm.doc.name, form });
        const print = { doctype: frm.doctype, name: frm.doc.name, format, no_letterhead: 1 };
        frm.add_custom_button(__("Minutes (PDF)"), () => file("pdf"), __("Handover Minutes"));
        frm.add_custom_button(__("Minutes (DOCX)"), () => file("docx"), __("Handover Minutes"));
        frm.add_custom_button(
            __("Print the Minutes"),
            () => open("/printview", { ...print, trigger_print: 1 }),
            __("Handover Minutes"),
        );
    },

    async show_log(frm) {
        const place = frm.get_field("custody_html").$wrapper.empty();
        frm.toggle_display("custody_section", false);
        if (frm.is_new() || OPEN.includes(frm.doc.status)) return;
        const name = frm.doc.name;
        const { message: rows } = await frappe.call({
            method: "giam_sat_mot_cua.api.evidence.log_of_request",
            type: "GET",
            args: { request: name },
        });
        if (!rows?.length || frm.doc.name !== name) return;
        place.empty().append(frm.events.log_table(frm, rows));
        frm.toggle_display("custody_section", true);
    },

    // What the program does by itself it does as Administrator.
    name_of: (name) => (name === "Administrator" ? __("The system") : name || ""),

    log_table(frm, rows) {
        const time = (value) => (value ? frappe.datetime.str_to_user(value) : "");
        const cells = (row) => [
            time(row.happened_at),
            __(row.action),
            frm.events.name_of(row.full_name),
            row.camera,
            row.footage_from ? `${time(row.footage_from)} - ${time(row.footage_to)}` : "",
            row.reason,
        ];
        const heads = [
            __("When"),
            __("Action Taken"),
            __("Full Name"),
            __("Camera"),
            __("Footage"),
            __("Reason"),
        ];
        const line = (kind, values) =>
            $("<tr>").append(values.map((value) => $(`<${kind}>`).text(value || "")));
        return $("<div class='table-responsive'>").append(
            $("<table class='table table-bordered table-condensed gsmc-custody'>").append(
                $("<thead>").append(line("th", heads)),
                $("<tbody>").append(rows.map((row) => line("td", cells(row)))),
            ),
        );
    },

    async show_packages(frm) {
        const place = frm.get_field("packages_html").$wrapper.empty();
        const exported = ["Approved", "Exporting", "Ready", "Handed Over", "Closed", "Expired"];
        frm.toggle_display("packages_section", exported.includes(frm.doc.status));
        if (!exported.includes(frm.doc.status)) return;
        const { message: packages } = await frappe.call({
            method: "giam_sat_mot_cua.api.evidence.of_request",
            type: "GET",
            args: { request: frm.doc.name },
        });
        place.empty();
        packages.forEach((each) => place.append(frm.events.package_line(frm, each)));
        if (!packages.length) place.text(__("There is no package yet."));
        const ended = ["Failed", "Stopped"].includes(packages[0]?.status);
        const again = ended && frm.doc.status === "Approved";
        if (again && frappe.user.has_role(["Monitoring Operator", "Monitoring Administrator"])) {
            frm.add_custom_button(__("Make the Package Again"), () => frm.events.make_again(frm));
        }
        const busy = packages.some((each) => ["Waiting", "Being Made"].includes(each.status));
        clearTimeout(frm.package_timer);
        if (busy) frm.package_timer = setTimeout(() => frm.events.look_again(frm, frm.doc.name), 3000);
    },

    look_again(frm, name) {
        if (cur_frm !== frm || frm.doc.name !== name || frm.is_dirty()) return;
        frm.reload_doc();
    },

    package_line(frm, each) {
        const line = $("<p class='gsmc-package'>");
        const size = each.size_mb ? `, ${format_number(each.size_mb, null, 1)} MB` : "";
        const progress = each.status === "Being Made" ? ` (${Math.round(each.progress)} %)` : "";
        line.append(
            $("<b>").text(each.name),
            document.createTextNode(`: ${__(each.status)}${progress}${size}. `),
        );
        if (each.message) line.append(document.createTextNode(`${each.message} `));
        if (each.expires_on && each.status === "Ready") {
            const until = frappe.datetime.str_to_user(each.expires_on);
            line.append(
                document.createTextNode(
                    __("Kept until {0}, downloaded {1} times.", [until, each.downloads]) + " ",
                ),
            );
        }
        if (each.may_download) {
            const button = $("<button class='btn btn-xs btn-primary'>").text(__("Download"));
            line.append(button.on("click", () => frm.events.download(each.name)));
        }
        if (each.may_stop) {
            const button = $("<button class='btn btn-xs btn-default'>").text(__("Stop"));
            line.append(button.on("click", () => frm.events.stop(frm, each.name)));
        }
        return line;
    },

    stop(frm, name) {
        frappe.confirm(__("Stop making this package? It can be made again later."), async () => {
            const { message } = await frappe.call({
                method: "giam_sat_mot_cua.api.evidence.stop",
                type: "POST",
                args: { package: name },
            });
            if (!message.stopped) frappe.show_alert(__("The package is ready already."));
            frm.reload_doc();
        });
    },

    async download(name) {
        const { message } = await frappe.call({
            method: "giam_sat_mot_cua.api.evidence.make_link",
            type: "POST",
            args: { package: name },
        });
        window.location.assign(message.url);
    },

    async make_again(frm) {
        await frappe.call({
            method: "giam_sat_mot_cua.api.evidence.make_again",
            type: "POST",
            args: { request: frm.doc.name },
        });
        frm.reload_doc();
    },

    requester_kind(frm) {
        frm.trigger("show_sections");
    },

    show_sections(frm) {
        const outside = frm.doc.requester_kind === "Outside Person or Body";
        const open = OPEN.includes(frm.doc.status);
        frm.set_df_property("requester_name", "read_only", outside && open ? 0 : 1);
        if (!outside && frm.is_new()) frm.set_value("requester_name", frappe.session.user_fullname);
        frm.toggle_display("decision_section", !frm.is_new() && frm.doc.status !== "Draft");
        frm.toggle_display("handover_section", ["Ready", "Handed Over", "Closed"].includes(frm.doc.status));
        frm.toggle_display("decision_reason", Boolean(frm.doc.decision_reason)); // a step asks for it
        frm.toggle_display("steps_section", Boolean(frm.doc.steps?.length));
        frm.toggle_display("wanted", open || Boolean(frm.doc.wanted));
        const reads = frappe.model.can_read("Footage Application");
        frm.toggle_display("application", Boolean(frm.doc.application) && reads);
    },

    say_where_it_stands(frm) {
        frm.set_intro("");
        const reason = frappe.utils.escape_html(frm.doc.decision_reason || "");
        if (OPEN.includes(frm.doc.status) && frm.doc.application && !frm.doc.ranges?.length) {
            frm.set_intro(__("Enter the cameras and times that the application means, then submit."), "blue");
        }
        if (frm.doc.status === "Returned") frm.set_intro(__("Returned: {0}", [reason]), "orange");
        if (frm.doc.status === "Rejected") frm.set_intro(__("Rejected: {0}", [reason]), "red");
        if (frm.doc.due_on && frm.doc.due_on < frappe.datetime.now_datetime()) {
            frm.set_intro(__("Overdue since {0}.", [frappe.datetime.str_to_user(frm.doc.due_on)]), "red");
        }
    },

    before_workflow_action(frm) {
        return gsmc.ask_reason(frm, NEEDS_REASON);
    },
});
