frappe.listview_settings["Monitoring Account"] = {
    hide_name_column: true,
    add_fields: ["status"],
};
