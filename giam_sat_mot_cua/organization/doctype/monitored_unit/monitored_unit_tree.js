frappe.treeview_settings["Monitored Unit"] = {
    title: __("Monitored Units"),
    breadcrumb: "Organization",
};
