frappe.ui.form.on("Recording Hour", {
    async refresh(frm) {
        frm.disable_save();
        const rows = await frm.call("list_files");
        const heads = [
            __("From"),
            __("To"),
            __("Seconds"),
            __("MB"),
            __("Picture"),
            __("Volume"),
            __("Kept"),
            "SHA-256",
        ];
        const $table = $('<table class="table table-bordered table-sm"></table>');
        $("<tr></tr>")
            .append(heads.map((text) => $("<th></th>").text(text)))
            .appendTo($("<thead></thead>").appendTo($table));
        const $body = $("<tbody></tbody>").appendTo($table);
        for (const file of rows.message) {
            const cells = [file.start, file.end, file.seconds, file.mb, file.picture, file.volume, file.kept];
            $("<tr></tr>")
                .append(cells.map((text) => $("<td></td>").text(text)))
                .append(
                    $("<td></td>").append(
                        $("<code></code>").attr("title", file.sha256).text(file.sha256.slice(0, 12)),
                    ),
                )
                .appendTo($body);
        }
        if (!rows.message.length) {
            $body.append(
                $("<tr></tr>").append($("<td colspan='8'></td>").text(__("No file begins in this hour."))),
            );
        }
        frm.get_field("files_table")
            .$wrapper.empty()
            .append($('<div class="table-responsive"></div>').append($table));
    },
});
