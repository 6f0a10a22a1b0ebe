package sala.samples.notebook;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.spencerpark.jupyter.kernel.display.DisplayData;
import io.github.spencerpark.jupyter.kernel.display.mime.MIMEType;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a cell gives to Jupyter; the protocol is run by the continuous build, with Jupyter itself. */
class JupyterKernelTest {
    private final JupyterKernel kernel = new JupyterKernel(System.getProperty("java.class.path"));

    @AfterEach
    void close() {
        kernel.onShutdown(false);
    }

    @Test
    void valuesAreText() {
        DisplayData data = kernel.eval("int six = 6;\n7 * six");
        assertEquals("42", data.getData(MIMEType.TEXT_PLAIN));
    }

    @Test
    void imagesArePng() {
        DisplayData data = kernel.eval(
                "import java.awt.image.BufferedImage;\nnew BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB)");
        assertEquals("picture of 3 x 2", data.getData(MIMEType.TEXT_PLAIN));
        byte[] png = Base64.getDecoder().decode(String.valueOf(data.getData(MIMEType.IMAGE_PNG)));
        assertEquals("PNG", new String(png, 1, 3, StandardCharsets.US_ASCII));
    }

    @Test
    void failuresAreOneLine() {
        Exception failure = assertThrows(LessonException.class, () -> kernel.eval("int zero = 0;\n1 / zero"));
        List<String> lines = kernel.formatError(failure);
        assertEquals(List.of("cell line 2: java.lang.ArithmeticException: / by zero"), lines);
    }
}
