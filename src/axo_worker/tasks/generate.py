"""Generating: a file of prompts in, a file of answers out."""

from .answers import answers
from .models import Models, tokenizer_of
from .output import whole_file, write_line
from .rows import RowError, question_of, read_rows
from .run import Run, Stopped

GENERATIONS = "generations.jsonl"


def run(run: Run) -> None:
    """Write `generations.jsonl`: a line an answer, with the row that it answers."""
    config, weights = run.config, run.config["models"]["model"]
    run.turn_to("preparing data")
    questions = [question for row in read_rows(config) if (question := question_of(row))]
    if not questions:
        raise RowError("no row asks anything")
    run.turn_to("loading model")
    tokenizer = tokenizer_of(weights)
    model = Models(config).use(weights, tokenizer)
    run.begin("generating", len(questions))
    batches = answers(
        model, tokenizer, questions, config, batch_size=config["batch_size"], is_to_stop=lambda: run.is_to_stop
    )
    with whole_file(run.outputs / GENERATIONS) as file:
        for batch in batches:
            if run.is_to_stop:  # the batch was cut short
                raise Stopped
            for question, texts in batch:
                for index, text in enumerate(texts):
                    write_line(
                        file,
                        {
                            "row": question.row,
                            "index": index,
                            "messages": question.asked,
                            "answer": text,
                            "reference": question.reference,
                        },
                    )
            run.advance(len(batch))
