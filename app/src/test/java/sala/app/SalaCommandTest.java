package sala.app;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What all commands have in common: help, version, and one clear line with exit code 2 for every wrong command line. */
class SalaCommandTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"generate", "chat", "info", "tokenize", "detokenize", "logits", "bench", "devices", "doctor"})
    void everyCommandHasHelp(String command) {
        CommandRun run = CommandRun.of(command, "--help").succeeded();
        assertTrue(run.out().startsWith("Usage: sala " + command), run.out());
        assertTrue(run.out().contains("Exit codes:"), run.out());
        assertEquals("", run.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"generate", "chat", "info", "tokenize", "detokenize", "logits", "bench"})
    void commandsOfAModelTakeOne(String command) {
        String help = CommandRun.of(command, "--help").succeeded().out();
        assertTrue(help.contains("--model=DIR"), help);
    }

    @Test
    void helpOfAllNamesEveryCommand() {
        String help = CommandRun.of("--help").succeeded().out();
        for (String command : new String[] {
            "generate", "chat", "info", "tokenize", "detokenize", "logits", "bench", "devices", "doctor"
        }) {
            assertTrue(help.lines().anyMatch(line -> line.startsWith("  " + command + " ")), help);
        }
    }

    @Test
    void versionNamesTheJvm() {
        String version = CommandRun.of("--version").succeeded().out();
        assertTrue(version.startsWith("sala "), version);
        assertTrue(version.contains("Java " + Runtime.version()), version);
    }

    /** Arguments are separated by a bar. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "; a command is missing",
                "frobnicate; unknown command 'frobnicate'",
                "generate|x|--frobnicate; unknown option '--frobnicate'",
                "generate|one|two; unknown argument 'two'",
                "generate|x|--temperature|warm; --temperature",
                "generate|x|--temperature|-1; --temperature must be 0 to 100, found -1",
                "generate|x|--temperature|NaN; --temperature must be 0 to 100, found NaN",
                "generate|x|--top-k|-1; --top-k must be at least 0, found -1",
                "generate|x|--top-p|1.5; --top-p must be 0 to 1, found 1.5",
                "generate|x|--min-p|2; --min-p must be 0 to 1, found 2",
                "generate|x|--repetition-penalty|0; --repetition-penalty must be",
                "generate|x|--presence-penalty|1000; --presence-penalty must be",
                "generate|x|--frequency-penalty|x; --frequency-penalty",
                "generate|x|--penalty-window|-1; --penalty-window must be at least 0, found -1",
                "generate|x|--seed|1.5; --seed",
                "generate|x|--logit-bias|5; --logit-bias",
                "generate|x|--logit-bias|5=NaN; --logit-bias of token 5 must be a number",
                "generate|x|--stop|; --stop must not be empty",
                "generate|x|--stop-token|x; --stop-token",
                "generate|x|--max-tokens|-1; --max-tokens must be at least 0, found -1",
                "generate|x|--backend|gpu; --backend",
                "generate|x|--device|-1; --device must be at least 0, found -1",
                "generate|x|--weights|f8; --weights",
                "generate|x|--always-sparse|--full-attention; not both",
                "bench|--always-sparse|--full-attention; not both",
                "devices|0; unknown argument '0'",
                "doctor|--device|x; --device",
                "generate|x|--threads|0; --threads must be 1 to 1024, found 0",
                "generate|x|--context-length|0; --context-length must be at least 1, found 0",
                "generate|x|--tokens|1; give one prompt",
                "generate|x|--prompt-file|y; give one prompt",
                "generate|--tokens|1 x; --tokens: token id 2 is 'x'",
                "generate|--tokens|1|--tokens-file|y; not both",
                "generate|--tokens|; --tokens holds no token id",
                "chat|--top-p|-1; --top-p must be 0 to 1, found -1",
                "chat|hello; unknown argument 'hello'",
                "info|--jsom; unknown option '--jsom'",
                "tokenize|a|b; unknown argument 'b'",
                "detokenize|1|x; token id 2 is 'x'",
                "logits; no token ids",
                "logits|--tokens|1|--top|0; --top must be at least 1, found 0",
                "bench|-p|0|-n|0; nothing to measure",
                "bench|-p|x; --n-prompt: 'x' is no number",
                "bench|-pg|512; -pg: expected two lengths",
                "bench|-r|0; --repetitions must be at least 1, found 0",
                "bench|-t|0; --threads must be 1 to 1024, found 0",
                "bench|-o|sql; --output",
                "bench|--layers|2; --layers goes with --shape",
                "bench|--shape|huge; --shape",
                "bench|--shape|tiny|--layers|0; --layers",
                "bench|--shape|tiny|--dtype|f64; --dtype must be bf16, f16 or f32, found f64",
                "bench|--shape|tiny|--model|x; not both"
            })
    void wrongCommandLinesGetOneLineAndExitCode2(String arguments, String message) {
        CommandRun run = CommandRun.of(arguments == null ? new String[0] : arguments.split("\\|", -1));
        assertAll(
                () -> assertEquals(2, run.exitCode()),
                () -> assertTrue(run.errorLine().contains(message), run.err()),
                () -> assertTrue(run.errorLine().contains("--help"), run.err()),
                () -> assertEquals("", run.out()));
    }

    @Test
    void debugPrintsTheStackTrace() {
        CommandRun run = CommandRun.of("info", "--model", "no/such/folder", "--debug");
        assertEquals(1, run.exitCode());
        assertTrue(run.err().contains("CheckpointException"), run.err());
        assertTrue(run.err().contains("\tat sala."), run.err());
    }
}
