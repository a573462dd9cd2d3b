frappe.ui.form.on("Monitored Unit", {
    setup(frm) {
        frm.set_query("unit_level", () => ({ filters: { active: 1 } }));
    },

    async refresh(frm) {
        frm.set_intro("");
        if (frm.is_new()) return;
        const answer = await frappe.call({
            method: "giam_sat_mot_cua.api.accounts.deciders",
            type: "GET",
            args: { unit: frm.doc.name },
        });
        const people = (answer.message || []).map((person) => {
            const name = frappe.utils.escape_html(person.full_name);
            return person.delegation
                ? __("{0} (substitute by {1} until {2})", [
                      name,
                      person.delegation,
                      frappe.datetime.str_to_user(person.until),
                  ])
                : name;
        });
        if (people.length) frm.set_intro(__("Decides for this unit: {0}", [people.join(", ")]), "blue");
    },
});
