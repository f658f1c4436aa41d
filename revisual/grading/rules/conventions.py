"""What graders may differ in: each convention is a switch."""

import re
from dataclasses import dataclass, fields

_SET = re.compile(
    r"(?i)\b(?:the set of|find (?:all|every)|list (?:all|every)|give all|determine all|what are (?:all )?the"
    r"|all (?:(?:real|complex|integer|positive|possible|prime) )*(?:values|solutions|roots|numbers|integers|primes))\b"
    r"|所有|求.{0,12}的集合"
)
_PERCENT = re.compile(r"(?i)%|percent|百分")


@dataclass(frozen=True)
class Conventions:
    """Where more than one answer to "is this right?" can be defended.

    Example: `Conventions(list_order_matters=True)`

    Args:
        percent_as_number: the gold answer 25% also takes 25, and not only 0.25.
        number_as_percent: the gold answer 25 also takes 25%, even where the question speaks of no percentage.
        unit_may_be_missing: a gold answer with a unit also takes the number alone.
        unit_may_be_added: a gold number without a unit also takes one with a unit.
        whole_floats_are_exact: "12.0" is a float column's 12; else it is a rounded number of three digits.
        round_golds: a decimal gold answer also takes what rounds to it, such as the exact value.
        truncate_golds: a decimal gold answer of three digits or more also takes what is cut off to it.
        list_order_matters: items without brackets have an order, as they have in round and square brackets.
        sets_by_question: where the question asks for all solutions, three or more items in round brackets, or any
            number of items in square brackets, have no order.
        options_by_value: an option may be named by its text instead of its letter.
        algebra: what the rules refuse is tried by computer algebra, where letters or sets are involved.
    """

    percent_as_number: bool = True
    number_as_percent: bool = False
    unit_may_be_missing: bool = True
    unit_may_be_added: bool = True
    whole_floats_are_exact: bool = True
    round_golds: bool = True
    truncate_golds: bool = True
    list_order_matters: bool = False
    sets_by_question: bool = True
    options_by_value: bool = True
    algebra: bool = True


DEFAULT = Conventions()


def list_changes(conventions: Conventions) -> tuple[tuple[str, bool], ...]:
    """Return the switches that do not have their default value: what makes these conventions out of the default ones.

    Example: `list_changes(Conventions(algebra=False)) == (("algebra", False),)`
    """
    values = ((field.name, getattr(conventions, field.name)) for field in fields(conventions))
    return tuple((name, value) for name, value in values if value != getattr(DEFAULT, name))


@dataclass(frozen=True)
class Context:
    """The conventions, and what the question says about the form of its answer.

    Example: `Context(percent_is_optional=True)`
    """

    conventions: Conventions = DEFAULT
    percent_is_optional: bool = False
    """Whether the question asks for a percentage, so that 25 and 25% are the same."""
    asks_set: bool = False
    """Whether the question asks for all solutions, which have no order."""

    @classmethod
    def of(cls, question: str, conventions: Conventions = DEFAULT) -> "Context":
        """Return the conventions that a question implies.

        Example: `Context.of("What percent is red?").percent_is_optional`
        """
        asks_percent = conventions.number_as_percent or _PERCENT.search(question) is not None
        return cls(conventions, asks_percent, conventions.sets_by_question and _SET.search(question) is not None)


NO_CONTEXT = Context()
"""The default conventions, and no question."""
