"""A pack for a service with an API key: the host adds the key to each request, and the pack never sees it."""

from typing import Annotated, Any

from packsys.sdk import (
    Autocomplete,
    Card,
    Context,
    Hint,
    Number,
    ObjectSchema,
    Pack,
    Property,
    QueryParamToken,
    RateLimit,
    StatusCodeError,
    Text,
    UserVisibleError,
)

pack = Pack(
    id=9201,
    name="Weather",
    version="1.0.0",
    description="The weather of places, now and in the days to come.",
    domains=["api.weather.example"],
    base_url="https://api.weather.example/v1",
    authentication=QueryParamToken(parameter="key", instructions_url="https://weather.example/keys"),
    rate_limits=[RateLimit(requests=60, seconds=60)],
)

Weather = ObjectSchema(
    "Weather",
    display="Summary",
    featured=["Temperature", "Humidity"],
    card=Card(title="Place", subtitles=["Summary"]),
    properties={
        "place": Property(Text, required=True),
        "Summary": Property(Text, from_key="text"),
        "Temperature": Property(Number, from_key="temp", required=True, description="In the units asked for."),
        "humidity": Number.shown_as(Hint.PERCENT, precision=0),
    },
)


def places(context: Context, typed: str, given: dict[str, Any]) -> list[str]:
    """Finds the places that begin with what was typed."""
    return [each["name"] for each in context.fetch("/places", query={"q": typed}).json()["places"]]


@pack.formula(result=Weather, cache_ttl=600)
def current(
    context: Context,
    place: Annotated[str, "Where.", Autocomplete(places)],
    units: Annotated[str, "In which units.", Autocomplete("metric", "imperial", only=True)] = "metric",
) -> dict[str, Any]:
    """Tells the weather of a place, now."""
    try:
        answer: dict[str, Any] = context.fetch("/current", query={"q": place, "units": units}).json()
    except StatusCodeError as error:
        if error.status == 404:
            raise UserVisibleError(f"The service knows no place {place!r}: try the nearest town.") from None
        raise
    return answer
