"""Amounts of money by currency: added within a currency and never across."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from domain.exact import EXACT

_PRECISION = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Money:
    """One amount; the currency is None where its events name none."""

    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Amounts:
    """What there is of each currency. A currency without amounts is left out, and is not 0."""

    by_currency: Mapping[str | None, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Money | None:
        """The one amount; None where there is none, or where there are several currencies."""
        if len(self.by_currency) != 1:
            return None
        ((currency, amount),) = self.by_currency.items()
        return Money(amount, currency)

    @property
    def listed(self) -> list[Money]:
        """Every amount, in the order of the currencies' codes."""
        found = sorted(self.by_currency.items(), key=lambda each: (each[0] is None, each[0] or ""))
        return [Money(amount, currency) for currency, amount in found]

    @property
    def mixed(self) -> tuple[str, ...]:
        """The currencies where there are several; nothing else."""
        names = tuple(money.currency or "(no currency)" for money in self.listed)
        return names if len(names) > 1 else ()

    def plus(self, other: "Amounts") -> "Amounts":
        """Both together, currency by currency."""
        return added((self, other))

    def each(self, change: Callable[[Decimal], Decimal]) -> "Amounts":
        """Every amount changed alike."""
        return Amounts({name: change(amount) for name, amount in self.by_currency.items()})

    def over(self, counts: Mapping[str | None, Decimal | int]) -> "Amounts":
        """Each amount over the count of its currency, to six decimals; left out where that is 0."""
        return Amounts(
            {
                name: EXACT.quantize(EXACT.divide(amount, counts[name]), _PRECISION)
                for name, amount in self.by_currency.items()
                if counts.get(name)
            }
        )


def added(amounts: Iterable[Amounts]) -> Amounts:
    """All of them together, currency by currency."""
    found: dict[str | None, Decimal] = {}
    for each in amounts:
        for name, amount in each.by_currency.items():
            before = found.get(name)
            found[name] = amount if before is None else EXACT.add(before, amount)
    return Amounts(found)
