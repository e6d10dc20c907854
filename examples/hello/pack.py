"""The smallest pack: one formula and no service behind it.

Try it: ``packsys run examples/hello/pack.py '=Hello::Greet("you")'``.
"""

from typing import Annotated

from packsys.sdk import Context, Pack

pack = Pack(id=9000, name="Hello", version="1.0.0", description="Greets people.")


@pack.formula()
def greet(context: Context, name: Annotated[str, "Whom to greet."] = "world") -> str:
    """Greets somebody by name."""
    return f"Hello, {name}!"
