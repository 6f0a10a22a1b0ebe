package sala.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import sala.testing.Golden;

/** Chats whose lines are piped in. */
class ChatCommandTest {
    @TempDir
    private Path folder;

    private static CommandRun chat(String... lines) {
        return CommandRun.withInput(
                        String.join("\n", lines), "chat", "--temperature", "0", "--max-tokens", "12", "--ignore-eos")
                .succeeded();
    }

    @Test
    void answersEveryLineAndEndsWithTheInput() {
        List<String> answers =
                chat("Who are you?", "", "And then?").out().lines().toList();
        assertEquals(2, answers.size(), answers.toString());
        assertFalse(answers.get(0).isBlank());
        assertFalse(answers.get(1).isBlank());
    }

    @Test
    void remembersUntilItIsReset() {
        String twice = chat("Who is the king?", "Who is the king?").out();
        String reset = chat("Who is the king?", "/reset", "Who is the king?").out();
        assertEquals(reset.lines().findFirst(), twice.lines().findFirst());
        assertEquals(
                reset.lines().findFirst().orElseThrow(),
                reset.lines().skip(1).findFirst().orElseThrow());
    }

    @Test
    void goesOnWhereItWasSaved() {
        Path file = folder.resolve("chat.session");
        CommandRun whole = chat("Who is the king?", "/save " + file, "What did he say?");
        assertTrue(Files.exists(file));
        assertTrue(whole.err().contains("saved to"), whole.err());
        CommandRun resumed = chat("/load " + file, "What did he say?");
        assertEquals(
                whole.out().lines().skip(1).findFirst().orElseThrow(),
                resumed.out().lines().findFirst().orElseThrow());
    }

    @Test
    void commandsThatFailSayWhyAndTheChatGoesOn() throws java.io.IOException {
        Path garbage = Files.writeString(folder.resolve("garbage"), "no session");
        CommandRun run = chat(
                "/load " + folder.resolve("nowhere"),
                "/load " + garbage,
                "/save",
                "/frobnicate",
                "/help",
                "Go",
                "/exit",
                "Go");
        List<String> errors = run.err().lines().toList();
        assertEquals(4, errors.size(), run.err());
        assertTrue(errors.get(0).contains("no such file"), errors.get(0));
        assertTrue(errors.get(1).startsWith("sala: /load " + garbage), errors.get(1));
        assertFalse(errors.get(1).contains("internal error"), errors.get(1));
        assertEquals("sala: /save needs a file name", errors.get(2));
        assertEquals("sala: unknown command /frobnicate, /help lists them", errors.get(3));
        assertTrue(run.out().contains("/load FILE"), run.out());
        assertEquals(6 + 1, run.out().lines().count(), run.out()); // six lines of help, one answer
    }

    /** A full context is said, not fatal. */
    @Test
    void saysThatTheContextIsFull() {
        CommandRun run = CommandRun.withInput(
                        "This is a line that is longer than the context.\n/reset\n", "chat", "--context-length", "8")
                .succeeded();
        assertTrue(run.err().contains("context"), run.err());
        assertTrue(run.err().contains("/reset"), run.err());
    }

    @Test
    void needsATokenizer() {
        CommandRun run =
                CommandRun.of("chat", "-m", Golden.path("cases/group2-f16").toString());
        assertEquals(1, run.exitCode());
        assertTrue(run.errorLine().contains("tokenizer.json"), run.err());
    }

    @Test
    void systemTextChangesTheAnswer() {
        String plain = chat("Who is the king?").out();
        String system = CommandRun.withInput(
                        "Who is the king?",
                        "chat",
                        "--temperature",
                        "0",
                        "--max-tokens",
                        "12",
                        "--ignore-eos",
                        "--system",
                        "The pass key is 48213. Remember it.")
                .succeeded()
                .out();
        assertFalse(plain.equals(system), plain);
    }
}
