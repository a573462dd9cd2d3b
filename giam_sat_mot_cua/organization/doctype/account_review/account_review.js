frappe.ui.form.on("Account Review", {
    refresh(frm) {
        if (!frm.is_new()) {
            frm.page.set_indicator(__(frm.doc.status), frm.doc.status === "Open" ? "blue" : "gray");
            frm.add_custom_button(__("Accounts in This Review"), () =>
                frappe.set_route("List", "Account Review Entry", { review: frm.doc.name }),
            );
        }
        frm.trigger("show_figures");
        if (frm.is_new() || !frappe.user.has_role("Monitoring Administrator")) return;
        if (frm.doc.status === "Open") {
            frm.add_custom_button(__("Close Review"), () => frm.events.close_review(frm));
        } else if (frm.doc.__onload?.figures.undecided) {
            frm.add_custom_button(__("Suspend Undecided Accounts"), () => frm.events.suspend(frm));
        }
    },

    show_figures(frm) {
        const wrapper = frm.get_field("figures").$wrapper;
        const figures = frm.doc.__onload?.figures;
        if (frm.is_new() || !figures) {
            wrapper.html(`<p class="text-muted">${__("Saving opens the review and tells the units.")}</p>`);
            return;
        }
        const rows = [
            [__("Accounts"), figures.total],
            [__("Confirm"), figures.Confirm],
            [__("Change"), figures.Change],
            [__("Revoke"), figures.Revoke],
            [__("Not decided yet"), figures.undecided],
        ];
        const cells = rows.map(
            ([label, count]) => `<tr><td>${label}</td><td class="text-right">${count}</td></tr>`,
        );
        wrapper.html(`<table class="table table-sm" style="max-width: 360px">${cells.join("")}</table>`);
    },

    close_review(frm) {
        const left = frm.doc.__onload?.figures.undecided || 0;
        const question = left
            ? __(
                  "{0} accounts are not decided yet; they will be proposed for suspension. Close the review?",
                  [left],
              )
            : __("Close the review? Accounts that the units gave back are revoked now.");
        frappe.confirm(question, async () => {
            await frm.call("close");
            frm.reload_doc();
        });
    },

    suspend(frm) {
        const count = frm.doc.__onload.figures.undecided;
        const question = __("Suspend the {0} accounts that no unit decided about?", [count]);
        frappe.confirm(question, async () => {
            const answer = await frm.call("suspend_undecided");
            frappe.show_alert(__("{0} accounts were suspended.", [answer.message]));
            frm.reload_doc();
        });
    },
});
