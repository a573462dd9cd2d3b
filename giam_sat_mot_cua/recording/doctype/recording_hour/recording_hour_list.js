frappe.listview_settings["Recording Hour"] = {
    hide_name_column: true,
    formatters: { hour_start: gsmc.to_the_minute },
};
