package sala.loader;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * A model directory, opened: {@code config.json}, one {@code model.safetensors} or shards with their index, and the
 * tokenizer where there is one. Tensors are views of mapped files and die with {@link #close}.
 */
public final class Checkpoint implements AutoCloseable {
    /** The one file of a checkpoint without shards. */
    private static final String SINGLE_FILE = "model.safetensors";

    private final Path directory;
    private final ModelConfig config;
    private final GenerationConfig generationConfig;
    private final Map<String, SafetensorsFile> fileOf;
    private final Arena arena;

    private Checkpoint(
            Path directory,
            ModelConfig config,
            GenerationConfig generationConfig,
            Map<String, SafetensorsFile> fileOf,
            Arena arena) {
        this.directory = directory;
        this.config = config;
        this.generationConfig = generationConfig;
        this.fileOf = fileOf;
        this.arena = arena;
    }

    /**
     * Opens a directory: reads the configuration, maps the weights, checks headers. No weight is read.
     *
     * @throws CheckpointException if anything is not as it should be; nothing stays open then
     */
    public static Checkpoint open(Path directory) {
        ModelConfig config = readConfig(directory);
        GenerationConfig generationConfig = readGenerationConfig(directory);
        Arena arena = Arena.ofShared();
        try {
            return new Checkpoint(directory, config, generationConfig, mapFiles(directory, arena), arena);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** Reads {@code config.json} alone, for planning before anything is mapped. */
    public static ModelConfig readConfig(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new CheckpointException("%s: expected a folder with config.json and *.safetensors, found %s"
                    .formatted(directory, Files.exists(directory) ? "a file" : "nothing"));
        }
        Path file = directory.resolve(ModelConfigReader.FILE_NAME);
        return ModelConfigReader.parse(file.toString(), StrictJson.readFile(file, ModelConfigReader.MAX_BYTES));
    }

    /** Reads {@code generation_config.json} alone; {@link GenerationConfig#NONE} where there is none. */
    public static GenerationConfig readGenerationConfig(Path directory) {
        Path file = directory.resolve(GenerationConfig.FILE_NAME);
        return Files.exists(file)
                ? GenerationConfig.parse(file.toString(), StrictJson.readFile(file, ModelConfigReader.MAX_BYTES))
                : GenerationConfig.NONE;
    }

    /** Bytes of the weight files, from the file system alone. */
    public static long weightFileBytes(Path directory) {
        long bytes = 0;
        for (String file : weightFiles(directory)) {
            try {
                bytes += Files.size(directory.resolve(file));
            } catch (IOException e) {
                throw new CheckpointException("%s: cannot be read: %s".formatted(directory.resolve(file), e), e);
            }
        }
        return bytes;
    }

    private static SequencedSet<String> weightFiles(Path directory) {
        Path index = directory.resolve(ShardIndex.FILE_NAME);
        return Files.exists(index) ? ShardIndex.read(index).shards() : new TreeSet<>(List.of(SINGLE_FILE));
    }

    private static Map<String, SafetensorsFile> mapFiles(Path directory, Arena arena) {
        Path indexFile = directory.resolve(ShardIndex.FILE_NAME);
        if (!Files.exists(indexFile)) {
            SafetensorsFile file = SafetensorsFile.map(directory.resolve(SINGLE_FILE), arena);
            Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();
            file.tensorNames().forEach(name -> fileOf.put(name, file));
            return fileOf;
        }
        ShardIndex index = ShardIndex.read(indexFile);
        Map<String, SafetensorsFile> fileOf = new LinkedHashMap<>();
        for (String shard : index.shards()) {
            SafetensorsFile file = SafetensorsFile.map(directory.resolve(shard), arena);
            for (String name : file.tensorNames()) {
                String expected = index.shardOf().get(name);
                if (!shard.equals(expected)) {
                    throw new CheckpointException("%s: tensor %s in %s, but the index %s"
                            .formatted(
                                    indexFile,
                                    name,
                                    shard,
                                    expected == null ? "lacks it" : "says it is in " + expected));
                }
                fileOf.put(name, file);
            }
        }
        index.shardOf().forEach((name, shard) -> {
            if (!fileOf.containsKey(name)) {
                throw new CheckpointException(
                        "%s: tensor %s is not in %s, where the index says it is".formatted(indexFile, name, shard));
            }
        });
        return fileOf;
    }

    public Path directory() {
        return directory;
    }

    public ModelConfig config() {
        return config;
    }

    public GenerationConfig generationConfig() {
        return generationConfig;
    }

    /** Names of all tensors. */
    public Set<String> tensorNames() {
        return Collections.unmodifiableSet(fileOf.keySet());
    }

    /** Whether there is a tensor of this name. */
    public boolean contains(String name) {
        return fileOf.containsKey(name);
    }

    /**
     * A tensor.
     *
     * @throws CheckpointException if there is none of this name
     */
    public TensorView tensor(String name) {
        SafetensorsFile file = fileOf.get(name);
        if (file == null) {
            throw new CheckpointException("%s: tensor %s is missing: searched %s, which hold %d tensors"
                    .formatted(directory, name, weightFiles(directory), fileOf.size()));
        }
        return file.tensor(name);
    }

    /** Unmaps the weights: every {@link TensorView} becomes unusable. */
    @Override
    public void close() {
        arena.close();
    }
}
