package sala.samples.notebook;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import sala.samples.notebook.CellOutput.Result;

/**
 * Jupyter's notebook format 4.5 (nbformat): cells of Markdown and of code, the code with what it printed and gave. A cell
 * whose output differs between runs has the tag {@value #VARIES}. Pictures are PNG in base64.
 */
public final class NotebookFile {
    static final String ENDING = ".ipynb";
    static final String VARIES = "varies";

    private static final ObjectMapper JSON = new ObjectMapper();

    private NotebookFile() {}

    /**
     * Writes a notebook; the file is complete or as it was.
     *
     * @throws IOException if it cannot be written
     */
    public static void write(LessonRun run, Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Path unfinished = Files.createTempFile(folder, file.getFileName().toString(), ".part");
        try {
            Files.write(unfinished, bytes(run));
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /** The notebook as it is written. */
    static byte[] bytes(LessonRun run) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DefaultPrettyPrinter printer = new DefaultPrettyPrinter()
                .withObjectIndenter(new DefaultIndenter(" ", "\n"))
                .withArrayIndenter(new DefaultIndenter(" ", "\n"));
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.setPrettyPrinter(printer);
            json.writeStartObject();
            json.writeArrayFieldStart("cells");
            int executionCount = 0;
            for (int i = 0; i < run.lesson().cells().size(); i++) {
                switch (run.lesson().cells().get(i)) {
                    case Cell.Text text -> writeText(json, i, text);
                    case Cell.Code code ->
                        writeCode(json, i, ++executionCount, code, run.outputs().get(i));
                }
            }
            json.writeEndArray();
            writeMetadata(json);
            json.writeNumberField("nbformat", 4);
            json.writeNumberField("nbformat_minor", 5);
            json.writeEndObject();
            json.writeRaw('\n');
        }
        return bytes.toByteArray();
    }

    private static void writeMetadata(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("metadata");
        json.writeObjectFieldStart("kernelspec");
        json.writeStringField("display_name", "Java");
        json.writeStringField("language", "java");
        json.writeStringField("name", "java");
        json.writeEndObject();
        json.writeObjectFieldStart("language_info");
        json.writeStringField("file_extension", ".java");
        json.writeStringField("mimetype", "text/x-java-source");
        json.writeStringField("name", "java");
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void writeText(JsonGenerator json, int index, Cell.Text text) throws IOException {
        json.writeStartObject();
        json.writeStringField("cell_type", "markdown");
        json.writeStringField("id", "cell-" + index);
        json.writeObjectFieldStart("metadata");
        json.writeEndObject();
        writeLines(json, "source", text.markdown());
        json.writeEndObject();
    }

    private static void writeCode(
            JsonGenerator json, int index, int executionCount, Cell.Code code, Optional<CellOutput> output)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("cell_type", "code");
        json.writeNumberField("execution_count", executionCount);
        json.writeStringField("id", "cell-" + index);
        json.writeObjectFieldStart("metadata");
        if (code.varies()) {
            json.writeArrayFieldStart("tags");
            json.writeString(VARIES);
            json.writeEndArray();
        }
        json.writeEndObject();
        json.writeArrayFieldStart("outputs");
        if (output.isPresent()) {
            writeOutput(json, executionCount, output.get());
        }
        json.writeEndArray();
        writeLines(json, "source", code.source());
        json.writeEndObject();
    }

    private static void writeOutput(JsonGenerator json, int executionCount, CellOutput output) throws IOException {
        if (!output.printed().isEmpty()) {
            json.writeStartObject();
            json.writeStringField("name", "stdout");
            json.writeStringField("output_type", "stream");
            writeLines(json, "text", output.printed());
            json.writeEndObject();
        }
        if (output.result().isPresent()) {
            json.writeStartObject();
            json.writeObjectFieldStart("data");
            switch (output.result().get()) {
                case Result.Value value -> writeLines(json, "text/plain", value.text());
                case Result.Picture picture -> {
                    json.writeBinaryField("image/png", picture.png());
                    writeLines(json, "text/plain", "picture of %d x %d".formatted(picture.width(), picture.height()));
                }
            }
            json.writeEndObject();
            json.writeNumberField("execution_count", executionCount);
            json.writeObjectFieldStart("metadata");
            json.writeEndObject();
            json.writeStringField("output_type", "execute_result");
            json.writeEndObject();
        }
    }

    /** Text as the format keeps it: a list of lines with their ends. */
    private static void writeLines(JsonGenerator json, String field, String text) throws IOException {
        json.writeArrayFieldStart(field);
        for (String line : List.of(text.split("(?<=\n)", -1))) {
            if (!line.isEmpty()) {
                json.writeString(line);
            }
        }
        json.writeEndArray();
    }
}
