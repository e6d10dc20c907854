"""What a name means: local names first, then the row in hand, then variables, connections and packs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from packsys.errors import FormulaError
from packsys.language.functions import LIBRARY
from packsys.language.nodes import AccountRef, Local, Member, Variable
from packsys.language.properties import folded
from packsys.language.pushing import table
from packsys.language.scope import KnownConnection, KnownPack, KnownTable, Scope, find_same, same_name
from packsys.language.shapes import Typed, columns_of
from packsys.language.signature import Kind, Shape
from packsys.language.suggestions import near
from packsys.language.syntax import Lint, Name, Reference, Syntax
from packsys.values import Account

_UNWRITABLE = re.compile(r"[:\\\]]")  # what an id in a reference cannot hold

_BY_NAME = ("variable", "column", "control", "formula", "grid", "table", "row", "cell", "page", "doc")
"""The types of references whose names are looked up like any other."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Is a local name; where it stands for an item, the item's ``columns`` are names as well."""

    name: str
    slot: int
    shape: Shape
    account: KnownConnection | None
    columns: bool


def _same_property(one: str, other: str) -> bool:
    return folded(one) == folded(other) != ""


class Names:
    """Looks names up, the innermost meaning first."""

    def __init__(self, scope: Scope, source: str) -> None:
        """Takes where the formula is bound, and its text for errors."""
        self.scope = scope
        self.source = source
        self.bindings: list[Binding] = []
        self.lints: list[Lint] = []
        self.references: dict[tuple[int, int], Reference] = {}

    def find(self, name: Name, pack_id: int | None = None) -> Typed:
        """Finds what a name in the place of a value means; ``pack_id`` decides between connections of one name."""
        found = self._local(name) or self._column(name) or self._object(name, pack_id)
        if found is None:
            raise self._unknown(name)
        return found

    def refer(self, reference: Reference) -> Typed:
        """Finds what a reference in the place of a value means: the id decides where there is one."""
        match reference.kind:
            case "packConnectionReference":
                return self._connection_by_id(reference.ids[0], reference)
            case "pack":
                raise self._bare_pack(self.pack(reference), reference)
            case "table" | "grid" if reference.ids[0]:
                return self._table_by_id(reference)
            case kind if kind in _BY_NAME:
                return self._by_name(reference)
        message = f"There are no references of the type {reference.kind!r}"
        raise self._error(message, "UnknownName", reference, near(reference.kind, (*_BY_NAME, "pack")))

    def pack(self, written: Syntax) -> KnownPack:
        """Finds the pack that stands before ``::``."""
        match written:
            case Reference(kind="pack"):
                return self._pack_by_id(written)
            case Name():
                return self._pack_by_name(written)
        raise self._error("Before '::' stands a pack, as in GitHub::Repos(…)", "UnknownPack", written)

    def qualifier(self, written: Syntax, formula: str) -> KnownPack | None:
        """Finds the pack that stands before ``.``, or nothing when something nearer has the name."""
        if isinstance(written, Reference) and written.kind == "pack":
            return self._pack_by_id(written)
        if not isinstance(written, Name) or written.bracketed:
            return None
        pack = self.scope.pack_by_name(written.text)
        if pack is None:
            return None
        if not (self._nearby(written) or self.scope.connections_by_name(written.text)):
            return None if self._is_table(written, pack, formula) else self._noted(pack, written)
        if find_same(formula, pack.formulas):
            message = f"{written.text} is a variable or a connection here: for the pack write {pack.name}::{formula}"
            self.lints.append(Lint(message, written.start, written.end))
        return None

    def _is_table(self, written: Name, pack: KnownPack, formula: str) -> bool:
        """Tells whether a table is meant that has a pack's name: where the pack has no such formula."""
        return not find_same(formula, pack.formulas) and bool(self.scope.tables_by_name(written.text))

    def note(self, written: Syntax, kind: str, ids: tuple[str, str, str], text: str, *, member: bool = False) -> None:
        """Remembers what a name stands for, as a reference."""
        if isinstance(written, Name) and not _UNWRITABLE.search("".join(ids)):
            place = written.start, written.end
            self.references[place] = Reference(kind, ids, (member, False), text, *place)

    def _nearby(self, name: Name) -> Typed | None:
        return self._local(name) or self._column(name) or self._variable(name)

    def _object(self, name: Name, pack_id: int | None) -> Typed | None:
        variable, connections = self._variable(name), self.scope.connections_by_name(name.text)
        if variable is not None and connections:
            message = f"{name.text!r} is a variable and a connection here: rename one of them, or use a reference $$[…]"
            raise self._error(message, "UnknownName", name)
        return variable or self._connection(name, pack_id) or self._table(name)

    def _one(self, name: Name, names: Iterable[str], same: Callable[[str, str], bool]) -> str | None:
        # What is written in the same letters is meant; of what is only alike there must be one.
        known = list(names)
        if name.text in known:
            return name.text
        alike = [other for other in known if same(other, name.text)]
        if len(alike) > 1:
            message = f"{name.text!r} can mean {' and '.join(map(repr, alike[:3]))}: write it in the same letters"
            raise self._error(message, "UnknownName", name, tuple(alike[:3]))
        return alike[0] if alike else None

    def _local(self, name: Name) -> Typed | None:
        for binding in reversed(self.bindings):
            local = Local(binding.slot, binding.name, name.start, name.end)
            if same_name(binding.name, name.text):
                return Typed(local, binding.shape, binding.account)
            column = self._one(name, columns_of(binding.shape), _same_property) if binding.columns else None
            if column is not None and binding.shape.properties is not None:
                return Typed(Member(local, column, name.start, name.end), binding.shape.properties[column])
        return None

    def _column(self, name: Name) -> Typed | None:
        row = find_same("thisRow", self.scope.variables)
        value = self.scope.variables[row] if row is not None else None
        column = self._one(name, value, _same_property) if isinstance(value, Mapping) else None
        if row is None or column is None:
            return None
        return Typed(Member(Variable(row, name.start, name.end), column, name.start, name.end))

    def _variable(self, name: Name) -> Typed | None:
        known = self._one(name, self.scope.variables, same_name)
        if known is None:
            return None
        value = self.scope.variables[known]
        account = self._known_account(value, name) if isinstance(value, Account) else None
        return Typed(Variable(known, name.start, name.end), account=account)

    def _known_account(self, account: Account, name: Name) -> KnownConnection:
        known = self.scope.connection_by_id(account.id)
        if known is None:
            message = f"The variable {name.text!r} is an account that is not connected here"
            raise self._error(message, "UnknownConnection", name)
        return known

    def _connection(self, name: Name, pack_id: int | None) -> Typed | None:
        known = self.scope.connections_by_name(name.text)
        fitting = [connection for connection in known if connection.pack_id == pack_id] or known
        if len(fitting) > 1:
            ids = " and ".join(connection.id for connection in fitting[:3])
            message = f"Several connections are called {name.text!r} ({ids}): use a $$[packConnectionReference:…]"
            raise self._error(message, "UnknownConnection", name)
        return self._account(fitting[0], name) if fitting else None

    def _connection_by_id(self, connection: str, reference: Reference) -> Typed:
        known = self.scope.connection_by_id(connection)
        if known is None:
            message = f"There is no connection {connection!r} ({reference.text}) here: connect the account first"
            raise self._error(message, "UnknownConnection", reference)
        return self._account(known, reference)

    def _account(self, known: KnownConnection, written: Syntax) -> Typed:
        node = AccountRef(known.id, known.pack_id, known.name, written.start, written.end)
        pack = self.scope.pack_by_id(known.pack_id)
        version = next((formula.version for formula in pack.formulas.values()), "") if pack else ""
        self.note(written, "packConnectionReference", (known.id, str(known.pack_id), version), known.name)
        return Typed(node, account=known)

    def _table(self, name: Name) -> Typed | None:
        # Variables and accounts come first, so that a new table changes no formula that names one of them.
        known = self.scope.tables_by_name(name.text)
        if len(known) > 1:
            ids = " and ".join(table.id for table in known[:3])
            message = f"Several tables are called {name.text!r} ({ids}): use a $$[table:…], or rename one of them"
            raise self._error(message, "UnknownName", name)
        return self._read(known[0], name) if known else None

    def _table_by_id(self, reference: Reference) -> Typed:
        known = self.scope.table_by_id(reference.ids[0])
        if known is not None:
            return self._read(known, reference)
        # Another document's table may come as a variable; another table of that name is not the one that is meant.
        name = Name(reference.text, True, reference.start, reference.end)
        found = self._nearby(name)
        if found is None:
            message = f"There is no table {reference.ids[0]!r} ({reference.text}) here: sync it, or name another one"
            raise self._error(message, "UnknownName", reference, near(reference.text, self.scope.table_names()))
        return found

    def _read(self, known: KnownTable, written: Syntax) -> Typed:
        if known.columns is None:
            message = f"The table {known.name!r} has never been synced, so its columns are not known: sync it first"
            raise self._error(message, "NeverSynced", written)
        self.note(written, "table", (known.id, "", ""), known.name)
        row = Shape(Kind.OBJECT, properties=known.columns)
        return Typed(table(known.id, known.name, written.start, written.end), Shape(Kind.LIST, item=row))

    def _by_name(self, reference: Reference) -> Typed:
        if reference.flags[0]:
            message = f"The reference {reference.text!r} is marked as a property, and stands after no dot"
            self.lints.append(Lint(message, reference.start, reference.end))
        return self.find(Name(reference.text, True, reference.start, reference.end))

    def _pack_by_id(self, reference: Reference) -> KnownPack:
        number = reference.ids[0]
        pack = (
            self.scope.pack_by_id(int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else None
        )
        if pack is None:
            message = f"There is no pack {number or 'without a number'} ({reference.text}) here: install it first"
            suggestions = near(reference.text, self.scope.pack_names())
            raise self._error(message, "UnknownPack", reference, suggestions)
        return pack

    def _pack_by_name(self, name: Name) -> KnownPack:
        pack = self.scope.pack_by_name(name.text)
        if pack is None:
            suggestions = near(name.text, self.scope.pack_names())
            raise self._error(f"There is no pack {name.text!r} here", "UnknownPack", name, suggestions)
        return self._noted(pack, name)

    def _noted(self, pack: KnownPack, written: Syntax) -> KnownPack:
        self.note(written, "pack", (str(pack.id), "", ""), pack.name)
        return pack

    def _bare_pack(self, pack: KnownPack, written: Syntax) -> FormulaError:
        example = next(iter(pack.formulas), "Name")
        message = f"{pack.name} is a pack: call one of its formulas, as in {pack.name}::{example}(…)"
        return self._error(message, "UnknownName", written)

    def _unknown(self, name: Name) -> FormulaError:
        if (pack := self.scope.pack_by_name(name.text)) is not None:
            return self._bare_pack(pack, name)
        if not name.bracketed and (function := LIBRARY.find(name.text)) is not None:
            fix = f"{function.name}(…)"
            return self._error(f"{function.name} is a function: write {fix}", "UnknownName", name)
        if name.bracketed and "," in name.text:
            message = f"[{name.text}] is one name, and nothing here is called that: use List({name.text}) for a list"
            return self._error(message, "UnknownName", name)
        locals_ = [binding.name for binding in self.bindings]
        columns = [column for binding in self.bindings if binding.columns for column in columns_of(binding.shape)]
        known = [*locals_, *columns, *self.scope.variables, *self.scope.connection_names()]
        known += self.scope.table_names()
        return self._error(f"Nothing here is called {name.text!r}", "UnknownName", name, near(name.text, known))

    def _error(self, message: str, kind: str, place: Syntax, suggestions: tuple[str, ...] = ()) -> FormulaError:
        return FormulaError(
            message, kind=kind, formula=self.source, start=place.start, end=place.end, suggestions=suggestions
        )
