package sala.samples.notebook;

import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A lesson that was run from its first cell to its last.
 *
 * @param lesson what was run
 * @param outputs one a cell, empty for text
 */
public record LessonRun(Lesson lesson, List<Optional<CellOutput>> outputs) {
    public LessonRun {
        outputs = List.copyOf(outputs);
    }

    /** Follows a run. */
    public interface Listener {
        /** Watches nothing. */
        Listener NONE = new Listener() {};

        /** A text cell was reached. */
        default void text(String markdown) {}

        /** A code cell ended; what it printed has been echoed. */
        default void output(CellOutput output) {}
    }

    /**
     * Runs a lesson.
     *
     * @param classPath what its code may use
     * @param echo is written what the code prints
     * @throws LessonException at the first cell that fails
     */
    public static LessonRun of(Lesson lesson, String classPath, OutputStream echo, Listener listener) {
        List<Optional<CellOutput>> outputs = new ArrayList<>();
        try (CellRunner runner = new CellRunner(lesson.name() + Lesson.ENDING, classPath, echo)) {
            for (Cell cell : lesson.cells()) {
                outputs.add(
                        switch (cell) {
                            case Cell.Text text -> {
                                listener.text(text.markdown());
                                yield Optional.empty();
                            }
                            case Cell.Code code -> {
                                CellOutput output = runner.run(code);
                                listener.output(output);
                                yield Optional.of(output);
                            }
                        });
            }
        }
        return new LessonRun(lesson, outputs);
    }
}
