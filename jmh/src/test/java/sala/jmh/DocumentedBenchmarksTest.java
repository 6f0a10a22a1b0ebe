package sala.jmh;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import sala.testing.DocumentedCommands;
import sala.testing.DocumentedCommands.Example;

/** Runs the {@code ./sala-jmh} commands of the documents, on small shapes and too short to mean anything. */
class DocumentedBenchmarksTest {
    private static Stream<Example> shown() {
        return DocumentedCommands.of("./sala-jmh").stream();
    }

    static Stream<Example> runs() {
        return shown().filter(example ->
                !example.words().contains("--profile") && !example.words().contains("-l"));
    }

    @ParameterizedTest
    @MethodSource
    void runs(Example example) throws RunnerException, CommandLineOptionException {
        CommandLineOptions shown = new CommandLineOptions(example.words().toArray(String[]::new));
        OptionsBuilder small = new OptionsBuilder();
        small.parent(shown)
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(1))
                .param("shape", "TINY")
                .param("layers", "2")
                .param("contextLength", "512")
                .param("tokens", "1")
                .param("cacheType", "F32") // what every backend has
                .param("promptLength", "64")
                .param("prefillChunk", "64")
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        assertFalse(new Runner(small.build()).run().isEmpty(), () -> example + " runs nothing");
    }

    @Test
    void profilesExist() {
        List<Example> profiles =
                shown().filter(example -> example.words().contains("--profile")).toList();
        assertTrue(profiles.size() >= 2);
        for (Example example : profiles) {
            Profile.ofName(example.words().get(example.words().indexOf("--profile") + 1));
        }
        assertTrue(runs().count() >= 2);
    }
}
