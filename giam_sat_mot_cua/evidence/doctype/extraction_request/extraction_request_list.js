frappe.listview_settings["Extraction Request"] = {
    add_fields: ["due_on", "status"],
    formatters: { due_on: gsmc.to_the_minute },
};
