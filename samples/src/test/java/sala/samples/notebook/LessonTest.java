package sala.samples.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class LessonTest {
    @Test
    void textAndCodeTakeTurns() {
        Lesson lesson = Lesson.parse("x", """
                /// # Title
                ///
                ///   indented

                int a = 1;

                int b = 2;
                //%%
                // a comment of Java
                a + b
                /// End.
                """);
        assertEquals(
                List.of(
                        new Cell.Text("# Title\n\n  indented"),
                        new Cell.Code("int a = 1;\n\nint b = 2;", 5, false),
                        new Cell.Code("// a comment of Java\na + b", 9, false),
                        new Cell.Text("End.")),
                lesson.cells());
    }

    @Test
    void aMarkedCellVaries() {
        assertEquals(
                List.of(new Cell.Code("1", 1, false), new Cell.Code("2", 3, true), new Cell.Code("3", 5, false)),
                Lesson.parse("x", "1\n//%% varies\n2\n//%%\n3").cells());
    }

    @Test
    void exitEndsTheLesson() {
        assertEquals(
                List.of(new Cell.Code("1", 1, false)),
                Lesson.parse("x", "1\n/exit\n2\n").cells());
    }

    @Test
    void anEmptyFileIsAnEmptyLesson() {
        assertEquals(List.of(), Lesson.parse("x", "\n\n//%%\n\n").cells());
    }

    @Test
    void otherCommandsAndMisspelledMarkersAreRefused() {
        assertEquals(
                "x line 2: '/set feedback silent' is a command of jshell; a lesson holds Java, text behind /// and at its end /exit",
                assertThrows(LessonException.class, () -> Lesson.parse("x", "1\n/set feedback silent\n"))
                        .getMessage());
        assertEquals(
                "x line 1: expected //%% or //%% varies, found '//%% vary'",
                assertThrows(LessonException.class, () -> Lesson.parse("x", "//%% vary\n"))
                        .getMessage());
    }
}
