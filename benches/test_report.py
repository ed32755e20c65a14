"""The arithmetic of the report, on results that are made up: python3 -m unittest discover benches"""

import json
import unittest

import chart
import report
import rows
import tables
import targets


def results(**cells):
    """Cells of `GET notes` on SQLite at 16 connections, by their CPU times in each round."""
    samples = {
        f"{subject.replace('_', '-')}/list/sqlite/16": [
            {
                "cpu_ms": value,
                "database_cpu_ms": 0,
                "requests_per_second": 1,
                "p50_ms": 1,
                "p99_ms": 2,
                "requests": 9,
                "failed": 0,
            }
            for value in values
        ]
        for subject, values in cells.items()
    }
    return {"cells": samples, "facts": {}, "memory": {}, "left_out": {}}


def verdict(found, says):
    return next(row for row in targets.judged(found) if row["target"].startswith(says))


class Ratios(unittest.TestCase):
    def test_each_round_is_divided_by_the_same_round(self):
        # The machine was ten times slower in the second round; the ratio is the same in both.
        row = verdict(results(knox=[4.0, 40.0], vestibule_token=[0.2, 2.0]), "Knox")
        self.assertEqual((row["lowest"], row["value"], row["highest"]), (20, 20, 20))
        self.assertTrue(row["is_met"])

    def test_a_ratio_below_what_is_wanted_at_least_is_not_met(self):
        self.assertFalse(verdict(results(knox=[3.9], vestibule_token=[0.2]), "Knox")["is_met"])

    def test_within_a_limit_counts_in_both_directions(self):
        for session, is_met in ((1.05, True), (0.95, True), (1.2, False), (0.8, False)):
            found = results(vestibule_token=[1.0], vestibule_session=[session])
            self.assertEqual(verdict(found, "A list by session, by token")["is_met"], is_met, session)

    def test_what_was_not_measured_is_not_judged(self):
        self.assertEqual(targets.judged(results(vestibule_token=[1.0])), [])

    def test_a_fact_is_compared_itself(self):
        found = results() | {"facts": {"ready_ms/sqlite": [90, 151, 400]}}
        row = verdict(found, "Ready")
        self.assertEqual((row["value"], row["is_met"]), (151, False))


class Figures(unittest.TestCase):
    def test_a_figure_has_three_digits(self):
        shown = [tables.number(value) for value in (0.0123, 0.5, 3.0, 12.34, 123.4, 1234.5, 0, 20)]
        self.assertEqual(shown, ["0.012", "0.500", "3.00", "12.3", "123", "1,234", "0", "20"])

    def test_the_table_has_a_row_for_each_subject_and_its_spread(self):
        table = tables.cpu(results(knox=[3.0, 1.0, 2.0], axum_sqlx=[0.1]), "sqlite")
        self.assertEqual(len(table.splitlines()), 4)
        self.assertIn("2.00 (1.00–3.00)", table)

    def test_the_chart_has_a_bar_for_each_subject(self):
        drawn = chart.drawn(results(knox=[3.0], axum_sqlx=[0.1], vestibule_token=[0.2]))
        self.assertEqual((drawn.count("<rect"), drawn.count('class="ours"')), (3, 1))


class Document(unittest.TestCase):
    def test_the_stored_results_are_the_same_when_read(self):
        found = results(knox=[3.0]) | {"targets": [{"target": "a"}, {"target": "b"}], "rounds": 3}
        self.assertEqual(json.loads(report.document(found)), found)


class Rows(unittest.TestCase):
    def test_ids_are_uuids_of_version_7_in_the_order_of_time(self):
        ids = [note["id"] for note in rows.NOTES]
        self.assertEqual(ids, sorted(set(ids)))
        for identifier in ids:
            self.assertRegex(identifier, r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$")


if __name__ == "__main__":
    unittest.main()
