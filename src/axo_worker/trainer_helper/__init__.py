"""The warm helper: a process in the trainer's environment that answers what only Axolotl's own Python knows.

It imports Axolotl once (seconds, and hundreds of megabytes), and answers each question in a child that it forks: a
question that crashes, hangs or eats memory takes nothing but its own child with it. The trainer's Python imports it as
`axo_trainer_helper`; standard library and what Axolotl brings only. A new question is a function named in `answers`.
"""
