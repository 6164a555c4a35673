#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What run_page.py accepts and what it refuses."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

RUN_PAGE = pathlib.Path(__file__).with_name("run_page.py")


class RunPage(unittest.TestCase):
    def run_page(self, text, *options):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            page = folder / "page.md"
            page.write_text(text, encoding="utf-8")
            done = subprocess.run([sys.executable, RUN_PAGE, folder, folder, page, *options],
                                  capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr, page.read_text(encoding="utf-8")

    def accepts(self, block):
        code, said, _ = self.run_page(f"# Page\n\n```\n{block}\n```\n")
        self.assertEqual(code, 0, said)

    def refuses(self, block):
        code, said, _ = self.run_page(f"# Page\n\n```\n{block}\n```\n")
        self.assertEqual(code, 1, said)

    def test_output_is_compared_line_by_line(self):
        self.accepts("$ echo one; echo two\none\ntwo")
        self.refuses("$ echo one; echo two\none")
        self.refuses("$ echo one\none\ntwo")
        self.refuses("$ echo one\nOne")

    def test_commands_go_on_over_lines(self):
        self.accepts("$ echo one \\\n    two\none two\n$ cat > f <<'EOF'\n$ no command\nEOF\n$ wc -l < f\n1")

    def test_an_ellipsis_stands_for_text_or_lines(self):
        self.accepts("$ seq 1 9\n1\n…\n9")
        self.accepts("$ echo one two three\none … three")
        self.refuses("$ seq 1 9\n1\n…\n8")
        self.refuses("$ echo one two three\none … four")

    def test_times_may_differ_and_other_numbers_may_not(self):
        self.accepts("$ echo '152 images/s, 5.2 s, 3 ms'\n7 images/s, 0.1 s, 3 ms")
        self.refuses("$ echo '152 images/s, 5.2 s, 3 ms'\n152 images/s, 5.2 s, 4 ms")

    def test_blocks_share_one_folder_and_other_blocks_are_left_alone(self):
        code, said, _ = self.run_page(
            "```\n$ echo one > f\n```\nText\n```\necho no command\n```\n```\n$ cat f\none\n```\n")
        self.assertEqual(code, 0, said)

    def test_a_command_that_fails_must_be_shown_to_fail(self):
        self.refuses("$ false")
        self.accepts("$ echo 'brownout: error: no' >&2; exit 2\nbrownout: error: no")

    def test_a_page_without_commands_is_refused(self):
        code, _, _ = self.run_page("# Page\n")
        self.assertEqual(code, 1)

    def test_an_update_writes_the_real_output(self):
        _, _, text = self.run_page("```\n$ seq 1 3\n$ echo x\ny\n```\nEnd\n", "--update")
        self.assertEqual(text, "```\n$ seq 1 3\n1\n2\n3\n$ echo x\nx\n```\nEnd\n")

    def test_an_update_leaves_out_what_the_page_leaves_out(self):
        command = "$ printf 'head\\na 1\\nb 2\\nc 3\\nsum is 7\\nend\\n'"
        _, _, text = self.run_page(f"```\n{command}\nhead\n…\nsum is 6\n…\n```\n", "--update")
        self.assertEqual(text, f"```\n{command}\nhead\n…\nsum is 7\n…\n```\n")


if __name__ == "__main__":
    unittest.main()
