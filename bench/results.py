"""What was measured, round by round."""
import statistics


LONG_ENOUGH_FOR_A_SLOPE = 600  # seconds


def last_seconds(per_tenth, seconds, last=10):
    """The rate over the last so many seconds of a run that was counted in ten equal parts."""
    part = seconds / 10
    total, left = 0.0, min(last, seconds)
    for rate in reversed(per_tenth):
        taken = min(part, left)
        total += rate * taken
        left -= taken
    return total / min(last, seconds)


def slope_per_hour(per_tenth, seconds):
    """How much a rate that was counted in ten equal parts changes in an hour, in percent of its
    mean: the line that fits the parts best."""
    hours = [(part + 0.5) * seconds / 10 / 3600 for part in range(len(per_tenth))]
    mean_hour, mean_rate = statistics.mean(hours), statistics.mean(per_tenth)
    rise = sum((hour - mean_hour) * (rate - mean_rate) for hour, rate in zip(hours, per_tenth))
    return 100 * rise / sum((hour - mean_hour) ** 2 for hour in hours) / mean_rate


class Results:
    """Records of {row, side, variant, round, figures}."""

    def __init__(self):
        self.records = []

    def add(self, row, side, variant, number, figures):
        if "per_tenth" in figures:
            figures["last_10_s"] = last_seconds(figures["per_tenth"], figures["seconds"])
            if figures["seconds"] >= LONG_ENOUGH_FOR_A_SLOPE:
                figures["slope_percent_per_hour"] = slope_per_hour(figures["per_tenth"],
                                                                   figures["seconds"])
        self.records.append({"row": row, "side": side, "variant": variant, "round": number,
                             "figures": figures})

    def sides(self, row):
        return {record["side"] for record in self.records if record["row"] == row}

    def all(self, row, side, variant=None):
        return [record["figures"] for record in self.records
                if record["row"] == row and record["side"] == side
                and variant in (None, record["variant"])]

    def variants(self, row, side):
        return sorted({record["variant"] for record in self.records
                       if record["row"] == row and record["side"] == side})

    def median(self, row, side, field, variant=None):
        """The median over the rounds; of several variants that of the fastest one."""
        if variant is None:
            variant = self.fastest(row, side)
        values = [figures[field] for figures in self.all(row, side, variant) if field in figures]
        return statistics.median(values) if values else None

    def part(self, row, side, field, part, variant=None):
        """As median(), of one entry of a figure that has several."""
        if variant is None:
            variant = self.fastest(row, side)
        values = [figures[field][part] for figures in self.all(row, side, variant)
                  if part in figures.get(field, {})]
        return statistics.median(values) if values else None

    def fastest(self, row, side):
        variants = self.variants(row, side)
        if len(variants) < 2:
            return variants[0] if variants else None
        return max(variants, key=lambda variant: statistics.median(
            figures["jobs_per_second"] for figures in self.all(row, side, variant)))
