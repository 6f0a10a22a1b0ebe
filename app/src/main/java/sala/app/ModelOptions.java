package sala.app;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import sala.model.EmbeddedModel;

/** Which model: shared by every command that reads one. */
final class ModelOptions {
    @Option(
            names = {"-m", "--model"},
            paramLabel = "DIR",
            description = "Folder with config.json, *.safetensors and tokenizer.json. Default: the small English model "
                    + "that comes with the command.")
    private @Nullable Path model;

    /** The folder, named or embedded. */
    Path directory() {
        return model == null ? EmbeddedModel.directory() : model;
    }
}
