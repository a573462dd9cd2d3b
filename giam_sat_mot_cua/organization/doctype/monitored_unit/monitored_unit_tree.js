frappe.treeview_settings["Monitored Unit"] = {
    title: __("Monitored Units"),
    breadcrumb: "Organization",
    root_label: __("All Units"),
    get_tree_root: false,
    show_expand_all: true,
};
