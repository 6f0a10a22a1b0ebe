package sala.samples.notebook;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** The JSON schema of Jupyter's notebook format 4.5, as the nbformat project publishes it. */
final class NotebookSchema {
    private NotebookSchema() {}

    /** What is against the schema, in words; empty for a valid notebook. */
    static List<String> errorsOf(JsonNode notebook) {
        return schema().validate(notebook.toString(), InputFormat.JSON).stream()
                .map(Object::toString)
                .toList();
    }

    private static Schema schema() {
        try (InputStream file = Objects.requireNonNull(
                NotebookSchema.class.getResourceAsStream("nbformat.v4.5.schema.json"), "the schema is missing")) {
            return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_4)
                    .getSchema(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
