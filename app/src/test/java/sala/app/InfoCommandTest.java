package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sala.testing.Golden;

class InfoCommandTest {
    @TempDir
    private Path folder;

    @Test
    void showsTheEmbeddedModel() {
        String text = CommandRun.of("info").succeeded().out();
        assertTrue(text.contains("sala-tiny-en"), text);
        assertTrue(text.contains("4,526,784"), text);
        assertTrue(text.contains("SLLSLLLL"), text);
        assertTrue(text.contains("1M"), text);
    }

    /** A folder with an empty configuration is the released model, of which every figure is known. */
    @Test
    void knowsTheReleasedModelFromItsConfigurationAlone() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"minicpm_sala\"}");
        JsonNode info = CommandRun.of("info", "-m", folder.toString(), "--json")
                .succeeded()
                .json();
        assertEquals(9_477_203_968L, info.required("parameters").longValue());
        assertEquals("SLLLLLLLLSLLLLLLSSLLLLSLLLLLLSSS", info.required("layers").textValue());
        assertEquals(4096, info.required("config").required("hiddenSize").intValue());
        assertEquals(
                96,
                info.required("config")
                        .required("sparse")
                        .required("effectiveTopK")
                        .intValue());
        JsonNode memory = info.required("memory");
        assertEquals(4, memory.size());
        int[] lengths = {4 << 10, 64 << 10, 256 << 10, 1 << 20};
        for (int i = 0; i < lengths.length; i++) {
            JsonNode plan = memory.get(i);
            assertEquals(lengths[i], plan.required("contextLength").intValue());
            assertEquals(18_954_407_936L, plan.required("weightBytes").longValue());
            long parts = 0;
            for (String part :
                    new String[] {"weightBytes", "kvBytes", "compressedKeyBytes", "stateBytes", "workBytes"}) {
                parts += plan.required(part).longValue();
            }
            assertEquals(parts, plan.required("totalBytes").longValue());
            JsonNode asReleased = info.required("memoryWithBf16Caches").get(i);
            assertEquals(8192L * lengths[i], asReleased.required("kvBytes").longValue());
            assertEquals(
                    320L * lengths[i], asReleased.required("compressedKeyBytes").longValue());
            assertEquals(48L << 20, asReleased.required("stateBytes").longValue());
            JsonNode onGpu = info.required("memoryOnGpu").get(i);
            assertEquals(8192L * lengths[i], onGpu.required("kvBytes").longValue());
            // Norms are in f32 there.
            assertTrue(onGpu.required("weightBytes").longValue() > 18_954_407_936L, onGpu::toString);
            assertTrue(onGpu.required("totalBytes").longValue() < 40_000_000_000L, onGpu::toString);
        }
    }

    @Test
    void saysThatAttentionIsDenseWithoutSparseConfig() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"minicpm_sala\", \"sparse_config\": null}");
        String text = CommandRun.of("info", "-m", folder.toString()).succeeded().out();
        assertTrue(text.contains("dense at every length"), text);
    }

    @Test
    void worksWithoutTokenizer() {
        JsonNode info = CommandRun.of(
                        "info", "-m", Golden.path("cases/continued").toString(), "--json")
                .succeeded()
                .json();
        assertTrue(info.required("parameters").longValue() > 0);
    }
}
