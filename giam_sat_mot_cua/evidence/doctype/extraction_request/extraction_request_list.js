const DOCTYPE = "Extraction Request";
const WAITING = ["Submitted", "Checked"]; // for somebody in the administration

frappe.listview_settings[DOCTYPE] = {
    add_fields: ["due_on", "status"],
    formatters: {
        due_on(value, _field, doc) {
            const overdue = WAITING.includes(doc.status) && value < frappe.datetime.now_datetime();
            const shown = gsmc.to_the_minute(value);
            return overdue ? `<span class="text-danger">${shown}</span>` : shown;
        },
    },
    onload(list) {
        list.page.add_inner_button(__("Overdue Requests"), async () => {
            await list.filter_area.clear(false);
            list.filter_area.add([
                [DOCTYPE, "status", "in", WAITING],
                [DOCTYPE, "due_on", "<", frappe.datetime.now_datetime()],
            ]);
        });
    },
};
