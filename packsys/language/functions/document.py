"""Functions that need a document around the formula: its rows, its buttons, who looks at it.

They are declared so that formulas that use them are understood, and refused with a reason, where there is none.
"""

from __future__ import annotations

from packsys.language.functions.registry import Function, may_take, takes, takes_many
from packsys.language.signature import Kind, Parameter, Shape

_CHANGES = (takes_many("column"), takes_many("value"))


def _of_document(
    name: str,
    description: str,
    *parameters: Parameter,
    result: Shape | None = None,
    volatile: bool = False,
    action: bool = False,
    binds: str | None = None,
) -> Function:
    return Function(
        name=name,
        description=description,
        parameters=parameters,
        examples=(),
        result=result or Shape(),
        volatile=volatile,
        action=action,
        binds=binds,
        document=True,
    )


def _action(name: str, description: str, *parameters: Parameter, binds: str | None = None) -> Function:
    return _of_document(name, description, *parameters, action=True, binds=binds)


user = _of_document("User", "Gives the person who looks at the document.", volatile=True, result=Shape(Kind.OBJECT))
is_signed_in = _of_document(
    "IsSignedIn", "Tells whether this person is known.", volatile=True, result=Shape(Kind.BOOLEAN)
)
row_id = _of_document("RowId", "Gives the number of a row in its table.", takes("row"), result=Shape(Kind.NUMBER))
object_link = _of_document("ObjectLink", "Gives the address of a row.", takes("row"), result=Shape(Kind.TEXT))
is_from_table = _of_document(
    "IsFromTable", "Tells whether a row is one of a table.", takes("row"), takes("table"), result=Shape(Kind.BOOLEAN)
)
created = _of_document("Created", "Tells when a row was added.", takes("row"), result=Shape(Kind.DATETIME))
created_by = _of_document("CreatedBy", "Tells who added a row.", takes("row"))
modified = _of_document("Modified", "Tells when a row was changed last.", takes("row"), result=Shape(Kind.DATETIME))
modified_by = _of_document("ModifiedBy", "Tells who changed a row last.", takes("row"))

add_row = _action(
    "AddRow", "Adds a row to a table, with a value for each column that is named.", takes("table"), *_CHANGES
)
add_or_modify_rows = _action(
    "AddOrModifyRows",
    "Changes the rows for which a condition holds, or adds one when there is none.",
    takes("table"),
    takes("condition"),
    *_CHANGES,
    binds="condition",
)
modify_rows = _action("ModifyRows", "Changes columns of rows.", takes("rows"), *_CHANGES)
delete_rows = _action("DeleteRows", "Deletes rows.", takes("rows"))
duplicate_rows = _action(
    "DuplicateRows", "Adds copies of rows, with other values in some columns.", takes("rows"), *_CHANGES
)
push_buttons = _action("PushButtons", "Pushes buttons, one after the other.", takes("buttons"))
set_control_value = _action("SetControlValue", "Sets a control of the document.", takes("control"), takes("value"))
notify = _action("Notify", "Sends a message to people.", takes("users"), takes("message", Kind.TEXT))
refresh_table = _action("RefreshTable", "Fetches the rows of a table from its service.", takes("table"))
refresh_column = _action("RefreshColumn", "Asks the services anew for the values of a column.", takes("column"))
open_row = _action("OpenRow", "Shows a row.", takes("row"), may_take("view"))
open_page = _action("OpenPage", "Shows a page of the document.", takes("page"))
open_window = _action("OpenWindow", "Opens an address in the browser.", takes("url", Kind.TEXT))
copy_to_clipboard = _action("CopyToClipboard", "Puts a value on the clipboard.", takes("value"))
copy_doc = _action("CopyDoc", "Makes a copy of a document.", takes("doc"), may_take("name", Kind.TEXT))
duplicate_page = _action("DuplicatePage", "Makes a copy of a page.", takes("page"), may_take("name", Kind.TEXT))
wait = _action("Wait", "Waits for a duration before the next action.", takes("duration", Kind.DURATION))
run_automation = _action("RunAutomation", "Starts an automation.", takes("automation"), may_take("payload"))
