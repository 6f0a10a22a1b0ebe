package sala.samples.notebook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sala.samples.notebook.CellOutput.Result;

class CellRunnerTest {
    private final ByteArrayOutputStream echo = new ByteArrayOutputStream();
    private final CellRunner runner = new CellRunner("x.jsh", System.getProperty("java.class.path"), echo);

    @AfterEach
    void close() {
        runner.close();
    }

    private CellOutput run(String source) {
        return runner.run(new Cell.Code(source, 10, false));
    }

    private String failure(String source) {
        return String.valueOf(
                assertThrows(LessonException.class, () -> run(source)).getMessage());
    }

    @Test
    void printsAndGivesTheLastExpression() {
        assertEquals(
                new CellOutput("half 0.5\n", Optional.of(new Result.Value("text"))),
                run("System.out.printf(\"half %.1f\\n\", 0.5);\n\"te\" + \"xt\""));
        assertEquals("half 0.5\n", echo.toString(StandardCharsets.UTF_8));
    }

    @Test
    void nothingIsGivenByDeclarationsStatementsAndNull() {
        for (String source :
                new String[] {"int a = 1;", "int b = 2", "3;", "void f() {}", "f()", "(Object) null", "// only words"
                }) {
            assertEquals(new CellOutput("", Optional.empty()), run(source), source);
        }
    }

    @Test
    void laterCellsSeeEarlierOnes() {
        run("import java.util.List;\nrecord Point(int x, int y) {}\nint twice(int x) {\n  return 2 * x;\n}");
        assertEquals(
                Optional.of(new Result.Value("[Point[x=4, y=1]]")),
                run("List.of(new Point(twice(2), 1))").result());
    }

    @Test
    void anImageIsGivenAsPng() throws IOException {
        Result result = run("import java.awt.image.BufferedImage;\nnew BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB)")
                .result()
                .orElseThrow();
        if (!(result instanceof Result.Picture picture)) {
            throw new AssertionError("no picture: " + result);
        }
        var image = ImageIO.read(new ByteArrayInputStream(picture.png()));
        assertArrayEquals(new int[] {3, 2}, new int[] {image.getWidth(), image.getHeight()});
        assertArrayEquals(new int[] {3, 2}, new int[] {picture.width(), picture.height()});
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    int i = 1;;int j = "a";  | x.jsh line 10: incompatible types: java.lang.String cannot be converted to int
                    int k = 1;\\nfoo();      | x.jsh line 11: cannot find symbol
                    void f() {\\n  g();\\n}   | x.jsh line 10: not declared before: method g()
                    1 +                      | x.jsh line 10: the code ends in the middle of a statement
                    int a = 1;\\n\\nif (a) {  | x.jsh line 12: the code ends in the middle of a statement
                    int z = 0;\\n\\n5 / z     | x.jsh line 12: java.lang.ArithmeticException: / by zero
                    class | x.jsh line 10: the code ends in the middle of a statement
                    """)
    void failuresSayWhereAndWhat(String source, String expected) {
        String message = failure(source.replace("\\n", "\n"));
        assertTrue(message.startsWith(expected), message);
    }

    @Test
    void anExceptionNamesTheLineInsideTheSnippet() {
        assertEquals(
                "x.jsh line 12: java.lang.IllegalStateException: no",
                failure(
                        "for (int i = 0; i < 3; i++) {\n  if (i == 1) {\n    throw new IllegalStateException(\"no\");\n  }\n}"));
    }

    @Test
    void standardOutputAndLocaleAreAsBefore() {
        PrintStream out = System.out;
        Locale locale = Locale.getDefault(Locale.Category.FORMAT);
        failure("1 / 0");
        assertSame(out, System.out);
        assertEquals(locale, Locale.getDefault(Locale.Category.FORMAT));
    }
}
